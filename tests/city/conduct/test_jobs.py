"""The dates of the room are looked at one after the other, each in every round."""

from __future__ import annotations

import pytest

from civicmail.city.conduct import jobs


def test_every_sweep_is_made_in_order_and_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []

    def sweep(name: str, done: int) -> jobs.Job:
        def one(now: int) -> int:
            seen.append((name, now))
            return done

        return one

    monkeypatch.setattr(jobs, "JOBS", (sweep("first", 2), sweep("second", 0), sweep("third", 3)))
    assert jobs.run_due(7) == 5
    assert seen == [("first", 7), ("second", 7), ("third", 7)]
