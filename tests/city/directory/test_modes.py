"""Who is here: the answer of running processes, and the act that changes it (P-06; one department first)."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from civicmail.city.directory import store
from civicmail.city.directory.errors import BadDirectory, NowhereToGo, UnknownDepartment
from civicmail.city.directory.modes import REFRESH_SECONDS, Modes
from civicmail.core.config.settings import City, Courier, Settings

OLD = "smtp://old.city.example:25"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def settings(elsewhere: str = OLD) -> Settings:
    return Settings(city=City(domains=["city.example"]), courier=Courier(elsewhere=elsewhere))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / store.DIRECTORY).write_text('[department.clerk]\naddresses = ["ann@city.example"]\n')
    return tmp_path


def put(folder: Path, mode: str, acts: list[dict[str, str]] | None = None, elsewhere: str = OLD) -> str:
    def entering(facts: dict[str, str]) -> AbstractContextManager[str]:
        (acts if acts is not None else []).append(facts)
        return nullcontext("0001:1")

    return store.set_mode(folder, "clerk", mode, elsewhere=elsewhere, now=1000, entering=entering).mode  # type: ignore[arg-type]


def test_without_an_old_system_everybody_is_here(folder: Path) -> None:
    modes = Modes(settings(""), folder)
    assert [modes.of(a) for a in ("ann@city.example", "bob@city.example", "x@far.example")] == ["live", "live", None]


def test_with_one_only_live_departments_are_here(folder: Path) -> None:
    assert Modes(settings(), folder).of("ann@city.example") == "elsewhere"
    put(folder, "live")
    modes = Modes(settings(), folder)
    asked = ("ann@city.example", "ann+x@CITY.example", "bob@city.example", "postmaster", "x@far.example")
    assert [modes.of(a) for a in asked] == ["live", "live", "elsewhere", "elsewhere", None]


@pytest.mark.rule("P-06", "Running processes follow a change of mode within seconds.")
def test_a_change_of_mode_reaches_a_running_process_within_seconds(folder: Path) -> None:
    clock = Clock()
    modes = Modes(settings(), folder, clock)
    put(folder, "observe")
    assert not modes.refresh()
    assert modes.of("ann@city.example") == "elsewhere"
    clock.now = REFRESH_SECONDS
    assert modes.refresh()
    assert modes.of("ann@city.example") == "observe"
    clock.now += REFRESH_SECONDS
    assert not modes.refresh()


def test_a_directory_that_cannot_be_read_leaves_the_last_one_in_force(folder: Path) -> None:
    put(folder, "live")
    clock = Clock()
    modes = Modes(settings(), folder, clock)
    (folder / store.DIRECTORY).write_text("[department")
    clock.now = REFRESH_SECONDS
    assert not modes.refresh()
    assert modes.of("ann@city.example") == "live"
    with pytest.raises(BadDirectory):
        Modes(settings(), folder)


@pytest.mark.rule("P-06", "A department changes its mode only after the entry with the actor and the reason.")
def test_the_record_of_the_act_comes_before_the_change(folder: Path) -> None:
    acts: list[dict[str, str]] = []
    assert put(folder, "live", acts) == "elsewhere"
    assert put(folder, "elsewhere", acts) == "live"
    assert [(a["from"], a["to"]) for a in acts] == [("elsewhere", "live"), ("live", "elsewhere")]

    def refuses(_facts: dict[str, str]) -> AbstractContextManager[str]:
        raise OSError("no room for the entry")

    with pytest.raises(OSError, match="no room"):
        store.set_mode(folder, "clerk", "live", elsewhere=OLD, now=1, entering=refuses)
    assert store.load(folder).by_name["clerk"].mode == "elsewhere"


def test_nobody_is_sent_away_to_nowhere(folder: Path) -> None:
    acts: list[dict[str, str]] = []
    with pytest.raises(NowhereToGo):
        put(folder, "elsewhere", acts, elsewhere="")
    with pytest.raises(UnknownDepartment, match="clerk"):
        store.set_mode(folder, "clark", "live", elsewhere=OLD, now=1, entering=lambda _: nullcontext(""))
    assert acts == []
