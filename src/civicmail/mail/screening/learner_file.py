"""The learner's state as a file: data/screening/learner, and a copy for each of the last days to roll back to.

It can be rebuilt from the records of the archive (docs/formats.md, "Spam"), and holds no words of any message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.screening import tablefile
from civicmail.mail.screening.learner import Learner, TokenLookup
from civicmail.mail.screening.reported_texts import ReportedTexts
from civicmail.mail.screening.tokens import BITS, VERSION

MARK = b"CVB1"
KEPT_DAYS = 7
_DAY = re.compile(r"learner\.(\d{4}-\d{2}-\d{2})$")


def memory_path(data: Path, day: str = "") -> Path:
    """day: YYYY-MM-DD for a copy to roll back to."""
    return data / "screening" / (f"learner.{day}" if day else "learner")


@dataclass(slots=True)
class Memory:
    """positions: last record read, by journal; more: plain values of the caller; columns: its arrays."""

    learner: Learner
    texts: ReportedTexts = field(default_factory=ReportedTexts)
    positions: dict[str, int] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def save(data: Path, memory: Memory, day: str = "", files: Files = OS_FILES) -> None:
    """Durable on return. Raises OSError."""
    plain = {
        "v": VERSION,
        "learner": memory.learner.plain(),
        "texts": memory.texts.plain(),
        "positions": memory.positions,
        "more": memory.more,
    }
    texts = {f"texts.{name}": array for name, array in memory.texts.arrays().items()}
    columns = {f"more.{name}": array for name, array in memory.columns.items()}
    arrays = {"weights": memory.learner.weights, **texts, **columns}
    tablefile.write(memory_path(data, day), MARK, plain, arrays, files)


def load(data: Path, look: TokenLookup, day: str = "") -> Memory | None:
    """None if there is no file, or one with another hash version: then the state is rebuilt. Raises DamagedFile."""
    try:
        plain, arrays = tablefile.read(memory_path(data, day), MARK)
    except FileNotFoundError:
        return None
    if plain["v"] != VERSION or len(arrays["weights"]) != 1 << BITS:
        return None
    parts: dict[str, dict[str, NDArray[Any]]] = {"texts": {}, "more": {}}
    for name, array in arrays.items():
        kind, _, rest = name.partition(".")
        if rest:
            parts[kind][rest] = np.array(array)
    return Memory(
        Learner.from_plain(look, plain["learner"], np.array(arrays["weights"])),
        ReportedTexts.from_plain(plain["texts"], parts["texts"]),
        dict(plain["positions"]),
        dict(plain["more"]),
        parts["more"],
    )


def days(data: Path) -> list[str]:
    """The days with a copy to roll back to, oldest first."""
    matches = (_DAY.fullmatch(path.name) for path in (data / "screening").glob("learner.*"))
    return sorted(match[1] for match in matches if match)


def forget_old(data: Path, files: Files = OS_FILES) -> None:
    """Keep only the last KEPT_DAYS copies."""
    for day in days(data)[:-KEPT_DAYS]:
        files.unlink(memory_path(data, day))
