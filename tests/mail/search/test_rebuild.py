"""A rebuild of the index takes all that is kept, wherever it is (promise 8)."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from civicmail.core.disk import journal
from civicmail.mail.archive import keyring
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.search import coverage
from civicmail.mail.search.tasks import IndexJob
from mail.search.test_tasks import SOME, T, found, keep, writer


@pytest.mark.rule(
    "promise 8, P-23",
    "Sealed captures are restored by a rebuild of the index, also if no journal has them any more.",
)
@pytest.mark.parametrize("gone", ["index", "journals"])
def test_what_was_sealed_comes_back_by_a_rebuild_where_no_journal_has_it_any_more(tmp_path: Path, gone: str) -> None:
    """Also where nothing came in since, or all journals are lost; and the index knows then that it lacks nothing."""
    data = tmp_path / "data"
    data.mkdir()
    keyring.create(data)
    with closing(writer(data)) as into:
        keep(into, SOME)
    with closing(IndexJob.take(data)) as job:
        job.step(T)
    with Sealer(data) as sealer:
        assert sealer.seal(lambda: coverage.covered(data), now=T).records == len(SOME)
    shutil.rmtree(coverage.top(data))
    if gone == "journals":
        shutil.rmtree(journal.folder(data))
    with closing(IndexJob.take(data, bulk=True)) as job:
        job.rebuild(T)
        assert found(data) == len(SOME)
        generation = coverage.current(data)
        for n in range(1, 5):
            job.step(T + n * 10_000)
    assert coverage.current(data) == generation, "it was not made again"
