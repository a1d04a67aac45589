"""Promise 4, as far as it goes without roles: content opens with a permit, and a permit exists only after its entry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.guard import is_claimed, owner_permit
from civicmail.city.guard.permits import Permit


def _written(entries: list[dict[str, Any]]) -> Any:
    def write(facts: dict[str, Any]) -> str:
        entries.append(facts)
        return "0001:7"

    return write


def test_the_owner_of_an_unclaimed_folder_gets_a_permit_and_its_entry_says_what_was_asked(tmp_path: Path) -> None:
    entries: list[dict[str, Any]] = []
    permit = owner_permit(tmp_path, "search", {"query": "storm drain"}, reason="a test", now=5, write=_written(entries))
    assert (permit.role, permit.reason, permit.at, permit.entry) == ("owner", "a test", 5, "0001:7")
    assert entries == [{"act": "search", "person": permit.person, "duty": "owner", "reason": "a test", "query": "storm drain"}]


@pytest.mark.rule("P-03, promise 4", "The entry with the viewer, the object and the reason is written before content is shown.")
def test_no_entry_no_permit(tmp_path: Path) -> None:
    def write(_facts: dict[str, Any]) -> str:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        owner_permit(tmp_path, "show", {}, reason="", now=0, write=write)


@pytest.mark.rule("P-03, promise 4", "A claimed installation opens nothing for the owner of its folder.")
def test_a_claimed_installation_opens_nothing_for_its_owner(tmp_path: Path) -> None:
    assert not is_claimed(tmp_path)
    (tmp_path / "claimed").touch()
    assert is_claimed(tmp_path)
    entries: list[dict[str, Any]] = []
    with pytest.raises(NotPermitted, match="--as PERSON"):
        owner_permit(tmp_path, "show", {}, reason="", now=0, write=_written(entries))
    assert entries == []


@pytest.mark.rule("P-03, promise 4", "An unclaimed installation shows content to the owner of its folder only.")
def test_somebody_who_does_not_own_the_folder_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    entries: list[dict[str, Any]] = []
    with pytest.raises(NotPermitted, match="owner"):
        owner_permit(tmp_path, "show", {}, reason="", now=0, write=_written(entries))
    assert entries == []


def test_a_person_without_a_name_is_named_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = 4_000_000_000
    monkeypatch.setattr(os, "geteuid", lambda: nobody)
    monkeypatch.setattr(Path, "stat", lambda _self, **_: os.stat_result((0o40700, 0, 0, 0, nobody, 0, 0, 0, 0, 0)))
    monkeypatch.setattr("civicmail.city.guard.guard.is_claimed", lambda _: False)
    assert owner_permit(tmp_path, "show", {}, reason="", now=0, write=_written([])).person == f"uid {nobody}"


def test_nobody_but_the_guard_makes_a_permit() -> None:
    with pytest.raises(TypeError, match="guard"):
        Permit("ann", "owner", "", 0, "0001:1")


def test_refusals_are_told_as_refusals() -> None:
    assert (NotPermitted.exit_code, NotPermitted.http, NotPermitted.smtp[:3]) == (4, 403, "550")
