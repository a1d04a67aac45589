"""When each feed last ran, as a file of the data folder, so that `doctor` detects a silent feed without a database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from civicmail.core.disk.files import OS_FILES, Files

FILE = "feeds.json"


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """kind: file, ldap, scim; at: ms; state: of the run."""

    kind: str
    source: str
    state: str
    at: int


def path(data: Path) -> Path:
    return data / "access" / FILE


def note(data: Path, kind: str, source: str, state: str, now: int, files: Files = OS_FILES) -> None:
    """Remember the last word of a feed; of files, whatever they are called, the last one. Durable on return; raises OSError."""
    by_key = {_key(h.kind, h.source): h for h in read(data)}
    by_key[_key(kind, source)] = FeedStatus(kind, source, state, now)
    plain = [{"kind": h.kind, "source": h.source, "state": h.state, "at": h.at} for _, h in sorted(by_key.items())]
    files.make_folder(path(data).parent)
    files.replace(path(data), orjson.dumps(plain))


def read(data: Path) -> list[FeedStatus]:
    """The last state of each feed; empty if the file is missing or damaged: the next run writes it again."""
    try:
        plain = orjson.loads(path(data).read_bytes())
        return [FeedStatus(str(p["kind"]), str(p["source"]), str(p["state"]), int(p["at"])) for p in plain]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _key(kind: str, source: str) -> str:
    return kind if kind == "file" else f"{kind}:{source}"
