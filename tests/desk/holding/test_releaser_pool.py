"""Who reads what is let go stays for the next release (P-22)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from civicmail.core.config.settings import City, Settings
from civicmail.desk.holding.actions import releaser_pool
from civicmail.desk.holding.actions.releaser_pool import releasing
from civicmail.mail.pipeline.release_copies import Releaser

HERE, ELSEWHERE = (Settings(city=City(domains=[name])) for name in ("city.example", "town.example"))


@pytest.fixture(autouse=True)
def nobody_rests(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.DATA, settings.CITY = tmp_path, HERE
    releaser_pool.close_idle()
    yield
    releaser_pool.close_idle()


def _resting() -> list[Releaser]:
    """Each as if it had read something."""
    found = [one for *_, one in releaser_pool.idle]
    for one in found:
        one.runner.get_loop()
    return found


def test_a_reader_rests_until_the_next_release_and_some_at_once_have_one_each() -> None:
    with releasing():
        assert not _resting()
    (first,) = _resting()
    with releasing():
        assert not _resting()
        with releasing():
            with releasing():
                pass
            (second,) = _resting()
        (_, third) = _resting()
    assert _resting() == [second, third], "two rest, and no more"
    with pytest.raises(RuntimeError, match="closed"):
        first.runner.get_loop()


@pytest.mark.rule("P-22", "Readers started by one release are reused by the next one.")
def test_what_one_release_has_made_is_there_for_the_next_one() -> None:
    """Who may what, the rules, and who reads."""
    with releasing() as first:
        pass
    with releasing() as second:
        assert second is first


@pytest.mark.rule("P-22", "Readers are reused by the next release only while the settings are unchanged.")
def test_a_reader_is_not_kept_for_other_settings(settings: Any, tmp_path: Path) -> None:
    """How long it may take, how much it reads, and where, is what the settings say now."""
    with releasing():
        pass
    (first,) = _resting()
    settings.CITY = ELSEWHERE
    with releasing(), pytest.raises(RuntimeError, match="closed"):
        first.runner.get_loop()
    (second,) = _resting()
    settings.DATA = tmp_path / "another"
    settings.DATA.mkdir()
    with releasing(), pytest.raises(RuntimeError, match="closed"):
        second.runner.get_loop()
