"""What changes between two law packs, entry by entry, and whether that touches an open request."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import msgspec

from civicmail.city.law.entries import Entry
from civicmail.city.law.pack import LawPack
from civicmail.city.law.time_accounts import Pause

_PACK = ("title", "citation", "since", "until", "languages", "note", "confirm")


@dataclass(frozen=True, slots=True)
class Change:
    """A difference. table and id: the entry, ("pack", name) for the pack itself, ("due", clock) for the end of a request's
    period; field: "" for a whole entry; old, new: as text."""

    what: Literal["added", "removed", "changed"]
    table: str
    id: str
    field: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class PackDiff:
    """Two packs and their differences."""

    old: LawPack
    new: LawPack
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What an open request uses of its pack. uses: (table, id) of codes, notice classes, charges, letters …; clocks: those that
    run, with the day behind which each began."""

    uses: Collection[tuple[str, str]] = ()
    clocks: Mapping[str, date] = field(default_factory=dict)
    pauses: Collection[Pause] = ()


def diff(old: LawPack, new: LawPack) -> PackDiff:
    """Compare two packs; the order of entries does not count."""
    changes = [
        *_fields("pack", new.name, old, new, _PACK),
        *_fields("calendar", new.name, old.calendar, new.calendar, ("citation", "weekend", "note", "confirm")),
        *_fields("fees", new.name, old.fees, new.fees, type(new.fees).__struct_fields__),
    ]
    before, after = old.entries(), new.entries()
    changes += [Change("removed", *key, old=before[key].title) for key in before if key not in after]
    changes += [Change("added", *key, new=after[key].title) for key in after if key not in before]
    for key in before.keys() & after.keys():
        changes += _fields(*key, before[key], after[key], type(after[key]).__struct_fields__)
    return PackDiff(old, new, tuple(sorted(changes, key=lambda c: (c.table, c.id, c.field))))


def touched(difference: PackDiff, facts: RequestFacts) -> list[Change]:
    """The changes that an open request would feel if it were moved to the new pack: of entries that it uses, and of the ends of its
    periods, whatever moves them."""
    uses = {*facts.uses, *(("clock", clock) for clock in facts.clocks), *(("pause_reason", p.reason) for p in facts.pauses)}
    return [change for change in difference.changes if (change.table, change.id) in uses] + [
        change for clock, start in facts.clocks.items() if (change := _moved(difference, clock, start, facts.pauses)) is not None
    ]


def _moved(difference: PackDiff, clock: str, start: date, pauses: Collection[Pause]) -> Change | None:
    old, new = (_due(pack, clock, start, pauses) for pack in (difference.old, difference.new))
    return None if old == new else Change("changed", "due", clock, "day", old, new)


def _due(pack: LawPack, clock: str, start: date, pauses: Collection[Pause]) -> str:
    """The end of the period, "" in a pack without this clock. Pauses for reasons that it lacks are ignored: the diff names them."""
    tables = pack.entries()
    if ("clock", clock) not in tables:
        return ""
    return pack.due(clock, start, [p for p in pauses if ("pause_reason", p.reason) in tables]).isoformat()


def _fields(table: str, id_: str, old: Any, new: Any, names: Collection[str]) -> list[Change]:
    return [
        Change("changed", table, id_, name, text(getattr(old, name, None)), text(getattr(new, name, None)))
        for name in names
        if getattr(old, name, None) != getattr(new, name, None)
    ]


def text(value: Any) -> str:
    """A value of a pack as it is shown."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    plain = msgspec.to_builtins(value)
    if isinstance(plain, dict):
        return "; ".join(f"{key}: {text(inner)}" for key, inner in plain.items())
    if isinstance(plain, list | tuple):
        return ", ".join(map(text, plain))
    return "" if plain is None else " ".join(str(plain).split())


def fields_of(entry: Entry) -> list[tuple[str, str]]:
    """The fields of an entry that say something, as text."""
    return [(name, shown) for name in entry.__struct_fields__ if (shown := text(getattr(entry, name)))]
