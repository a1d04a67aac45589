"""Departments in the data folder, for processes without a database.

The program writes directory.departments from the access office's list; only `set_mode` writes directory.modes.
A hand-written directory.toml counts until it is opened (docs/decisions/, "Departments are one list").
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from civicmail.city.directory.departments import Department, Departments, list_of, read, read_list, record
from civicmail.city.directory.errors import NowhereToGo, UnknownDepartment
from civicmail.city.policy.delivery import Mode
from civicmail.core.disk.files import OS_FILES, Files

DIRECTORY = "directory.toml"
LIST = "directory.departments"
OPENED = "directory.toml.opened"
MODES_FILE = "directory.modes"


def load(data: Path) -> Departments:
    """All departments with their modes; none without a file. Raises BadDirectory; other errors are OSError."""
    if listed := _content(data / LIST):
        return read_list(listed, _content(data / MODES_FILE))
    return read(_content(data / DIRECTORY).decode("utf-8", "replace"), _content(data / MODES_FILE))


def is_by_hand(data: Path) -> bool:
    """Whether departments still come from a directory.toml that was not imported."""
    return (data / DIRECTORY).exists() and not (data / LIST).exists()


def write_list(data: Path, departments: Mapping[str, Collection[str]], *, files: Files = OS_FILES) -> bool:
    """Write the list for processes without a database: code -> addresses and domains; True if it changed.
    A hand-written file takes precedence until it is opened."""
    content = list_of(departments)
    if is_by_hand(data) or _content(data / LIST) == content:
        return False
    files.replace(data / LIST, content)
    return True


def put_away(data: Path, departments: Mapping[str, Collection[str]], *, files: Files = OS_FILES) -> None:
    """Rename directory.toml after it was opened, so that the list counts from now on."""
    files.replace(data / LIST, list_of(departments))
    if (data / DIRECTORY).exists():
        (data / DIRECTORY).replace(data / OPENED)


def stamp(data: Path) -> tuple[tuple[int, int, int], ...]:
    """A value that changes when one of the files does."""
    return tuple(_stamp(data / name) for name in (DIRECTORY, LIST, MODES_FILE))


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
    """Put a department into a mode; return the previous one. elsewhere: the setting of that name.

    entering opens the entry of this act, with its actor and reason, and yields its place; the mode changes within.
    """
    departments = load(data)
    if (before := departments.by_name.get(name)) is None:
        known = ", ".join(sorted(departments.by_name)) or "none; the access office makes them (`civicmail department open`)"
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
        status = path.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_size, status.st_ino)
