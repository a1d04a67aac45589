"""Marker that the database is older than the journals: `setback.json` in the data folder.

Knows no Django; doctor and the page of health read it (docs/formats.md).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import orjson

from civicmail.core.disk.files import OS_FILES, Files

NAME = "setback.json"


@dataclass(frozen=True, slots=True)
class Rollback:
    """at, first, last: ms; acts: how many are not carried out in the tables; blocked: numbers of people who are shut out."""

    at: int
    acts: int
    first: int
    last: int
    blocked: tuple[str, ...]


def record(data: Path, at: int, times: Collection[int], blocked: Collection[str], files: Files = OS_FILES) -> None:
    """Add acts by their times; durable on return."""
    recorded = read(data)
    acts = len(times) + (recorded.acts if recorded else 0)
    spread = [*times, *((recorded.first, recorded.last) if recorded else ())]
    people = sorted({*blocked, *(recorded.blocked if recorded else ())})
    plain = {"v": 1, "at": at, "acts": acts, "first": min(spread), "last": max(spread), "shut": people}
    files.replace(data / NAME, orjson.dumps(plain))


def read(data: Path) -> Rollback | None:
    """None where there was none. Raises ValueError for what is no such file."""
    try:
        plain = orjson.loads((data / NAME).read_bytes())
        return Rollback(plain["at"], plain["acts"], plain["first"], plain["last"], tuple(plain["shut"]))
    except FileNotFoundError:
        return None
    except (KeyError, TypeError) as error:
        raise ValueError(f"{NAME} cannot be read.") from error
