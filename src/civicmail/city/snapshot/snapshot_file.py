"""The two files of the snapshot: everyone, and changes since then (docs/formats.md, "Snapshot").

An incomplete file is no snapshot: an entry point then keeps its present one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import orjson

from civicmail.city.snapshot.snapshot import Changes, Device, Grant, Mailbox, Person, Snapshot, ids_by_name

FORMAT = 1


def encode_changes(changes: Iterable[Changes]) -> bytes:
    """The content of the file of changes."""
    return orjson.dumps({"v": FORMAT, "changes": list(changes)}, option=orjson.OPT_SORT_KEYS)


def decode_changes(content: bytes) -> list[Changes]:
    """Raises ValueError for a file of another version or a damaged one."""
    try:
        h = orjson.loads(content)
        if h["v"] != FORMAT:
            raise ValueError(f"changes of format {h['v']}")
        return [_changes(c) for c in h["changes"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not changes of a snapshot") from error


def _changes(plain: dict[str, Any]) -> Changes:
    if type(plain["version"]) is not int or type(plain["at"]) is not int:
        raise ValueError("not changes of a snapshot")
    people, boxes = tuple(map(_person, plain["people"])), tuple(map(_mailbox, plain["mailboxes"]))
    return Changes(plain["version"], plain["at"], people, boxes, tuple(plain["gone"]))


def encode(snapshot: Snapshot) -> bytes:
    """The content of the file of everybody."""
    plain = {
        "v": FORMAT,
        "version": snapshot.version,
        "at": snapshot.at,
        "domains": snapshot.domains,
        "people": list(snapshot.people.values()),
        "mailboxes": list(snapshot.mailboxes.values()),
        "groups": dict(snapshot.groups),
    }
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def decode(content: bytes) -> Snapshot:
    """Decode a file. Raises ValueError for another version or a damaged file. People and mailboxes are built when they are first
    used: an entry point needs a few of thousands, and must not pause to build the others."""
    try:
        h = orjson.loads(content)
        if h["v"] != FORMAT:
            raise ValueError(f"a snapshot of format {h['v']}")
        people, mailboxes = h["people"], h["mailboxes"]
        if type(h["version"]) is not int or type(h["at"]) is not int:
            raise ValueError("not a snapshot")
        if not all(map(_is_person, people)) or not all(m.keys() | _LATER_OF_MAILBOX == _MAILBOX for m in mailboxes):
            raise ValueError("not a snapshot")
        return Snapshot(
            h["version"],
            h["at"],
            tuple(h["domains"]),
            people=_Built(_person, {p["id"]: p for p in people}),
            mailboxes=_Built(_mailbox, {m["id"]: m for m in mailboxes}),
            groups={address: tuple(members) for address, members in h["groups"].items()},
            by_address={address: m["id"] for m in mailboxes for address in (m["id"], *m["addresses"])},
            by_login={p["login"]: p["id"] for p in people},
            names=tuple(named["name"] for named in (*people, *mailboxes)),
            by_outside={address: p["id"] for p in people for address in p.get("outside", ())},
            by_name=ids_by_name((p["name"], p["id"]) for p in people),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a snapshot") from error


_PERSON, _MAILBOX = {f.name for f in fields(Person)}, {f.name for f in fields(Mailbox)}
_LATER = {"outside", "personal", "restricted", "former"}
_LATER_OF_MAILBOX = {"forward", "forward_until", "files_until"}
"""What a snapshot of an older program does not have."""
_DEVICE, _GRANT = {f.name for f in fields(Device)}, {f.name for f in fields(Grant)}


def _is_person(plain: dict[str, Any]) -> bool:
    whole = plain.keys() | _LATER == _PERSON
    known = (*plain["devices"], *plain.get("former", ())) if whole else ()
    return whole and all(d.keys() == _DEVICE for d in known) and all(g.keys() == _GRANT for g in plain["grants"])


def _person(plain: dict[str, Any]) -> Person:
    devices, former = (tuple(Device(**d) for d in plain.get(kind, ())) for kind in ("devices", "former"))
    grants = tuple(Grant(**g) for g in plain["grants"])
    personal = tuple((since, until) for since, until in plain.get("personal", ()))
    later = {"outside": tuple(plain.get("outside", ())), "personal": personal}
    return Person(**{**plain, "devices": devices, "grants": grants, **later, "former": former})


def _mailbox(plain: dict[str, Any]) -> Mailbox:
    return Mailbox(**{**plain, "addresses": tuple(plain["addresses"])})


class _Built[T](Mapping[str, T]):
    """Values that are built at first use, and then stay."""

    def __init__(self, build: Callable[[dict[str, Any]], T], plain: dict[str, dict[str, Any]]) -> None:
        self._build = build
        self._plain = plain
        self._built: dict[str, T] = {}

    def __getitem__(self, key: str) -> T:
        value = self._built.get(key)
        if value is None:
            value = self._built[key] = self._build(self._plain[key])
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._plain)

    def __len__(self) -> int:
        return len(self._plain)
