"""The inventory: captures by class with their schedules and holds, and past disposals. No content."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from civicmail.city.law.schedules import Schedules
from civicmail.mail.archive import certificates, classes, holds, segments
from civicmail.mail.archive.holds import Hold
from civicmail.mail.archive.store import Store


@dataclass(slots=True)
class Group:
    """Sealed captures of one class. size: bytes of segment files; oldest and newest: months, "" when there are none."""

    captures: int = 0
    segments: int = 0
    size: int = 0
    oldest: str = ""
    newest: str = ""


@dataclass(slots=True)
class Inventory:
    """unsealed: captures that are in journals still; disposed: captures that certificates name."""

    groups: dict[str, Group] = field(default_factory=dict)
    unsealed: int = 0
    schedules: Schedules | None = None
    holds: list[Hold] = field(default_factory=list)
    certificates: int = 0
    disposed: int = 0


def disposed(data: Path) -> set[str]:
    """The ids (UUID) of all captures that certificates name. Raises DamagedFile, KeyMissing."""
    return {item["id"] for facts in certificates.every(Store(data)) for item in facts["items"]}


def certified(data: Path, manifest: str) -> list[dict[str, Any]]:
    """The facts of the certificates about one manifest, oldest first. Raises DamagedFile, KeyMissing."""
    return certificates.by_manifest(Store(data), manifest)


def inventory(data: Path) -> Inventory:
    """Look at everything once. Takes no lease. Raises DamagedFile, KeyMissing."""
    store = Store(data)
    result = Inventory(schedules=classes.in_force(store), holds=holds.in_force(store))
    for class_, month, name in segments.listed(data):
        group = result.groups.setdefault(class_, Group(oldest=month))
        group.segments += 1
        group.size += segments.path_of(data, class_, month, name).stat().st_size
        group.oldest, group.newest = min(group.oldest, month), max(group.newest, month)
    for month in store.catalogue.months:
        for run in store.catalogue.runs_now(month):
            for (class_, _), count in run.captures_by_segment().items():
                result.groups.setdefault(class_, Group(oldest=month)).captures += count
    result.unsealed = sum(1 for _ in store.tail.captures())
    listed = certificates.every(store)
    result.certificates, result.disposed = len(listed), sum(len(facts["items"]) for facts in listed)
    return result
