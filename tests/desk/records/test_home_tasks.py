"""Home tells the records desk what to begin with (P-21)."""

from __future__ import annotations

from typing import Any

import pytest

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.queries.actors import actor_of
from civicmail.desk.records.queries import home_tasks

pytestmark = pytest.mark.django_db


def titles(city: Any, key: str) -> list[str]:
    actor = actor_of(city.people[key].account, "", epoch_ms(city.now))
    return [task.label for group in home_tasks.tasks(actor, epoch_ms(city.now)) for task in group.tasks]


def test_each_sees_what_waits_for_them(city: Any) -> None:
    """Nobody is asked to approve a production that they ordered."""
    mine, second = titles(city, "recorder"), titles(city, "attorney")
    assert mine == [
        "Begin new records requests",
        "Answer mail to the records desk",
        "Give other formats",
        "Serve notices to subjects",
        "Answer contests",
    ]
    assert second[0] == "Answer contests" and all(t.endswith("of PR-2026-00005") for t in second[1:])
    assert [t.partition(" of ")[0] for t in second[1:]] == ["Approve production 2", "Approve a letter"]
    assert titles(city, "examiner") == []
