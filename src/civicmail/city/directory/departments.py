"""Departments as plain data: the addresses and the mode of each. Pure.

The program writes the list from the access office's rows; a hand-written `directory.toml` counts until it is opened.
Modes are in a file of their own (store.py), because each change is an act with a reason.
See docs/decisions/, "Departments are a file" and "Departments are one list".
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from civicmail.city.directory.errors import BadDirectory
from civicmail.city.policy.delivery import Mode

MODES: tuple[Mode, ...] = ("elsewhere", "observe", "live")
DEFAULT_MODE: Mode = "elsewhere"
"""A department without a decision stays with the old system."""


@dataclass(frozen=True, slots=True)
class Department:
    """addresses: of mailboxes, or whole domains, lower case; since: ms, when its mode was set, 0 for never; entry: place of the
    audit record, "journal:number"."""

    name: str
    addresses: tuple[str, ...]
    mode: Mode = DEFAULT_MODE
    since: int = 0
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Departments:
    """All departments by name, and by address."""

    by_name: Mapping[str, Department] = field(default_factory=dict)
    by_address: Mapping[str, Department] = field(default_factory=dict)

    def of(self, local: str, domain: str) -> Department | None:
        """The department of a mailbox: by the address, by the address without the part after a plus (RFC 5233), or by the
        domain."""
        local, domain = local.lower(), domain.lower()
        plain = local.partition("+")[0] or local
        for key in (f"{local}@{domain}", f"{plain}@{domain}", domain):
            if (department := self.by_address.get(key)) is not None:
                return department
        return None


def read(directory: str, modes: bytes) -> Departments:
    """From the text of directory.toml and the content of the record of modes (empty: none was set). Raises BadDirectory."""
    set_ = _modes(modes)
    return _indexed([_department(name, plain, set_.get(name, {})) for name, plain in _tables(directory).items()])


def read_list(listed: bytes, modes: bytes) -> Departments:
    """Departments from the list that the program writes. Raises BadDirectory."""
    set_ = _modes(modes)
    try:
        plain: dict[str, list[str]] = orjson.loads(listed)["departments"]
        departments = [Department(name, tuple(addresses), **set_.get(name, {})) for name, addresses in plain.items()]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadDirectory(
            "directory.departments is not what the program writes; remove it, the city worker makes it anew."
        ) from None
    return _indexed(departments)


def list_of(departments: Mapping[str, Iterable[str]]) -> bytes:
    """The content of that list: code -> addresses and domains."""
    plain = {code: sorted(addresses) for code, addresses in departments.items()}
    return orjson.dumps({"v": 1, "departments": plain}, option=orjson.OPT_SORT_KEYS)


def _indexed(departments: list[Department]) -> Departments:
    by_address: dict[str, Department] = {}
    for department in departments:
        for address in department.addresses:
            if (other := by_address.setdefault(address, department)) is not department:
                raise BadDirectory(f"Departments: {address} is in {other.name} and in {department.name}.")
    return Departments({d.name: d for d in departments}, by_address)


def record(departments: Iterable[Department]) -> bytes:
    """The content of the record of modes: of those that were ever set."""
    plain = {d.name: {"mode": d.mode, "since": d.since, "entry": d.entry} for d in departments if d.since}
    return orjson.dumps({"v": 1, "modes": plain}, option=orjson.OPT_SORT_KEYS)


def _tables(text: str) -> dict[str, Any]:
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadDirectory(f"directory.toml is not TOML: {error}.") from None
    if unknown := set(plain) - {"department"}:
        raise BadDirectory(f"directory.toml: {min(unknown)} is unknown; a department is a table [department.NAME].")
    tables = plain.get("department", {})
    if not isinstance(tables, dict):
        raise BadDirectory("directory.toml: a department is a table [department.NAME].")
    return tables


def _department(name: str, plain: Any, set_: dict[str, Any]) -> Department:
    if not isinstance(plain, dict) or set(plain) != {"addresses"}:
        raise BadDirectory(f'directory.toml: [department.{name}] has exactly one key: addresses = ["person@city.example"].')
    addresses = plain["addresses"]
    if not isinstance(addresses, list) or not all(isinstance(a, str) and a.strip("@ ") for a in addresses):
        raise BadDirectory(f"directory.toml: addresses of {name} must be a list of addresses or domains.")
    return Department(name, tuple(dict.fromkeys(a.strip().lower() for a in addresses)), **set_)


def _modes(content: bytes) -> dict[str, dict[str, Any]]:
    if not content:
        return {}
    try:
        modes: dict[str, dict[str, Any]] = orjson.loads(content)["modes"]
        if all(m["mode"] in MODES and type(m["since"]) is int and set(m) == {"mode", "since", "entry"} for m in modes.values()):
            return modes
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise BadDirectory("directory.modes is not what the program writes; set each department's mode again after removing it.")
