"""A hold is placed as soon as nobody is about to swap (P-23)."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.core.disk.errors import LeaseHeld
from civicmail.front.cli import patience
from civicmail.mail.archive import rules


def test_it_is_done_once_the_lease_is_free_and_given_up_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = rules.take(tmp_path)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            held.close()

    monkeypatch.setattr(patience.time, "sleep", pause)
    patience.patiently(lambda: rules.take(tmp_path)).close()
    assert pauses == [patience.SECONDS] * 3
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: None)
    with rules.take(tmp_path), pytest.raises(LeaseHeld):
        patience.patiently(lambda: rules.take(tmp_path))
