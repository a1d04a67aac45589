"""That the tables of people were older than the journals: `setback.json` in the data folder, until somebody has done again what is
missing and removes it. Knows no Django; doctor and the page of health read it (docs/formats.md)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import orjson

from civicmail.core.disk.files import OS_FILES, Files

NAME = "setback.json"


@dataclass(frozen=True, slots=True)
class SetBack:
    """at, first, last: ms; acts: how many are not carried out in the tables; shut: numbers of people who are shut out."""

    at: int
    acts: int
    first: int
    last: int
    shut: tuple[str, ...]


def note(data: Path, at: int, times: Collection[int], shut: Collection[str], files: Files = OS_FILES) -> None:
    """Add acts by their times; durable on return."""
    known = read(data)
    acts = len(times) + (known.acts if known else 0)
    spread = [*times, *((known.first, known.last) if known else ())]
    people = sorted({*shut, *(known.shut if known else ())})
    plain = {"v": 1, "at": at, "acts": acts, "first": min(spread), "last": max(spread), "shut": people}
    files.replace(data / NAME, orjson.dumps(plain))


def read(data: Path) -> SetBack | None:
    """None where there was none. Raises ValueError for what is no such file."""
    try:
        plain = orjson.loads((data / NAME).read_bytes())
        return SetBack(plain["at"], plain["acts"], plain["first"], plain["last"], tuple(plain["shut"]))
    except FileNotFoundError:
        return None
    except (KeyError, TypeError) as error:
        raise ValueError(f"{NAME} cannot be read.") from error
