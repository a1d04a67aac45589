"""Version and commit of this program. The version is written once, in pyproject.toml; the commit is in a released package."""

from __future__ import annotations

from importlib import metadata, resources

VERSION = metadata.version("civicmail")
_COMMIT = "commit.txt"


def commit() -> str:
    """The commit that this was built from, 40 hexadecimal digits; empty in a checkout."""
    file = resources.files("civicmail") / _COMMIT
    return file.read_text(encoding="ascii").strip() if file.is_file() else ""


def migrations() -> dict[str, int]:
    """Application to the number of its last migration, read from file names, so that Django need not start. Tables of city/guard,
    city/identity and city/snapshot are of one application, access."""
    latest: dict[str, int] = {}
    for floor in ("city", "desk", "front"):
        for room in (resources.files("civicmail") / floor).iterdir():
            folder = room / "migrations"
            names = [f.name for f in folder.iterdir() if f.name[:4].isdigit()] if folder.is_dir() else []
            if names:
                latest["access" if room.name == "identity" else room.name] = int(max(names)[:4])
    return dict(sorted(latest.items()))
