"""The directory in the data folder: directory.toml, written by a person, and directory.modes, written by `set_mode` alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from civicmail.city.directory.departments import Department, Departments, read, record
from civicmail.city.directory.errors import NowhereToGo, UnknownDepartment
from civicmail.city.policy.delivery import Mode
from civicmail.core.disk.files import OS_FILES, Files

DIRECTORY = "directory.toml"
MODES_FILE = "directory.modes"


def load(data: Path) -> Departments:
    """All departments with their modes; none without the file. Raises BadDirectory; other errors are OSError."""
    return read(_content(data / DIRECTORY).decode("utf-8", "replace"), _content(data / MODES_FILE))


def stamp(data: Path) -> tuple[tuple[int, int, int], ...]:
    """What changes when one of the files does."""
    return tuple(_stamp(data / name) for name in (DIRECTORY, MODES_FILE))


def set_mode(
    data: Path,
    name: str,
    mode: Mode,
    *,
    elsewhere: str,
    now: int,
    entering: Callable[[dict[str, str]], AbstractContextManager[str]],
    files: Files = OS_FILES,
) -> Department:
    """Put a department into a mode; what it was before. elsewhere: the setting of that name.

    entering opens the entry of this act, with its actor and reason, and gives where it will be found; the mode changes within.
    """
    departments = load(data)
    if (before := departments.by_name.get(name)) is None:
        known = ", ".join(sorted(departments.by_name)) or f"none; {DIRECTORY} in the data folder names them"
        raise UnknownDepartment(f"There is no department {name}; there are {known}.")
    if mode != "live" and not elsewhere:
        raise NowhereToGo("Set courier.elsewhere to the old system first; mail of this department would have no way.")
    with entering({"department": name, "from": before.mode, "to": mode}) as entry:
        after = Department(name, before.addresses, mode, now, entry)
        files.replace(data / MODES_FILE, record([*(d for d in departments.by_name.values() if d.name != name), after]))
    return before


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
