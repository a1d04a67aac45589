"""Messages from outside the archive that an operator uses for training: copies in data/screening/taught/spam and /ham, named by
SHA-256. They are not city mail: nothing else reads them, and removing one unlearns it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, Files

PREFIX = "file:"
BY = "operator"
_KINDS = {"spam": True, "ham": False}


def folder(data: Path, *, spam: bool) -> Path:
    return data / "screening" / "taught" / ("spam" if spam else "ham")


def teach(data: Path, content: bytes, *, spam: bool, files: Files = OS_FILES) -> str:
    """Store a message for the learner; return its key. It replaces an opposite label."""
    name = hashlib.sha256(content).hexdigest()
    place = folder(data, spam=spam)
    files.make_folder(place)
    files.replace(place / name, content)
    _remove(folder(data, spam=not spam) / name, files)
    return PREFIX + name


def untaught(data: Path, content: bytes, files: Files = OS_FILES) -> bool:
    """Remove a message; return whether it was there."""
    name = hashlib.sha256(content).hexdigest()
    removed = [_remove(folder(data, spam=spam) / name, files) for spam in _KINDS.values()]
    return any(removed)


def listed(data: Path) -> dict[str, tuple[bool, int]]:
    """{key: (spam, epoch ms when it was added)}."""
    files: dict[str, tuple[bool, int]] = {}
    for kind, spam in _KINDS.items():
        place = data / "screening" / "taught" / kind
        if place.is_dir():
            for path in place.iterdir():
                if len(path.name) == 64:
                    files[PREFIX + path.name] = (spam, int(path.stat().st_mtime * 1000))
    return files


def stamp(data: Path) -> tuple[int, ...]:
    """A value that changes when a file is added or removed."""
    places = (folder(data, spam=spam) for spam in _KINDS.values())
    return tuple(place.stat().st_mtime_ns if place.is_dir() else 0 for place in places)


def content_of(data: Path, key: str) -> bytes:
    """Raises FileNotFoundError."""
    name = key.removeprefix(PREFIX)
    for spam in _KINDS.values():
        path = folder(data, spam=spam) / name
        if path.exists():
            return path.read_bytes()
    raise FileNotFoundError(name)


def is_there(data: Path, key: str) -> bool:
    """Whether the message is still used for training."""
    return any((folder(data, spam=spam) / key.removeprefix(PREFIX)).exists() for spam in _KINDS.values())


def _remove(path: Path, files: Files) -> bool:
    if not path.exists():
        return False
    files.unlink(path)
    files.sync_folder(path.parent)
    return True
