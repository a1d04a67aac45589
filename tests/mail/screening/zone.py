"""A dictionary as the domain name system: for tests of whoever asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from civicmail.mail.screening.resolver import NOTHING, Answer, Kind, TemporaryFailure, bounded, is_name

Rows = Mapping[str, Mapping[str, list[str] | str]]


@dataclass
class Zone:
    """rows: name -> kind -> values (TXT text, "10 mx.example", addresses, CNAME a name); the value TEMP is no answer. asked: what
    was asked, in order."""

    rows: dict[str, dict[str, list[str] | str]] = field(default_factory=dict)
    asked: list[tuple[str, Kind]] = field(default_factory=list)

    async def ask(self, name: str, kind: Kind) -> Answer:
        name = name.lower().rstrip(".")
        if not is_name(name):
            return NOTHING
        self.asked.append((name, kind))
        for _ in range(10):
            if (row := self.rows.get(name)) is None:
                return NOTHING
            found = row.get(kind, [])
            if found == "TEMP" or (not found and row.get("*") == "TEMP"):
                raise TemporaryFailure("SERVFAIL")
            if found or "CNAME" not in row:
                return bounded([found] if isinstance(found, str) else list(found))
            name = str(row["CNAME"]).lower()
        return NOTHING


def zone(rows: Mapping[str, str | list[str]]) -> Zone:
    """The short form: name -> TXT values."""
    return Zone({name.lower(): {"TXT": value} for name, value in rows.items()})
