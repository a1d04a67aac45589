"""The index in busy hours: it keeps up by doing less for each message (P-01)."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.mail.archive import machine
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.search import extract_cache, tasks
from civicmail.mail.search.tasks import IndexJob
from mail.search.test_tasks import SOME, T, found, keep, writer


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.mark.rule(
    "P-01",
    "Under load mail is searchable within two seconds, with half as many commits; a single message within one.",
)
def test_where_much_comes_it_is_found_by_half_as_many_commits(data: Path) -> None:
    """Within two seconds all the same."""
    into, commits = writer(data), [0]
    keep(into, SOME[:1])
    job = IndexJob.take(data)
    job.step(T)
    for number in range(4):
        for _ in range(tasks.MANY // 2):
            into.event(Event(Type.HELD, SOME[0][0].id, T))
        keep(into, SOME[1 + number : 2 + number])
        job.step(T + 500 * (number + 1))
        if found(data) > commits[-1]:
            commits.append(found(data))
    assert commits == [0, 1, 5], "after two seconds, with all of them"
    keep(into, SOME[5:6])
    job.step(T + 3000)
    assert found(data) == 6, "a single message is found after one"
    job.close()
    into.close()


@pytest.mark.rule("P-01", "Captures with more extracted text are indexed again through one current view of the archive.")
def test_what_more_was_read_of_is_looked_up_in_one_view_of_the_archive(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new view takes a fifth of a second in a busy hour, and files come every second."""
    into, views = writer(data), [0]

    class Counted(Machine):
        def __init__(self, data: Path) -> None:
            views[0] += 1
            super().__init__(data)

    monkeypatch.setattr(machine, "Machine", Counted)
    job = IndexJob.take(data)
    for number in range(3):
        keep(into, SOME[number : number + 1])
        job.step(T + 2000 * number)
        extract_cache.set_ready(data, SOME[number][0].id)
        assert job.step(T + 2000 * number + 1000) == 1
        assert extract_cache.ready(data) == [] and found(data) == number + 1
    assert views == [1]
    job.close()
    into.close()
