"""Addresses that people already have according to a personnel feed: whose they are, and what becomes of them (P-08, L3). Pure.

A line is refused as a whole when its address is not the city's, belongs to someone else, or is in another line too.
Otherwise the person would get a generated address.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from civicmail.city.directory import local_part
from civicmail.city.directory.errors import Unusable

MAX_ALIASES = 100
COLUMNS = frozenset({"address", "aliases"})


class Row(Protocol):
    """A line of a list. aliases: with a blank between them."""

    @property
    def line(self) -> int: ...
    @property
    def uid(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def aliases(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of an address, now or formerly. uid: of the person, "" for a list or a shared mailbox; words: the owner's name;
    kept: the address has not reached a mailbox yet, and a list may change it."""

    uid: str
    words: str
    kept: bool = False


@dataclass(frozen=True, slots=True)
class AddressBook:
    """The city's domains and the owner of every address. look: maps addresses that look alike to the same text."""

    domains: Collection[str] = ()
    owners: Mapping[str, Owner] = field(default_factory=dict)
    look: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class HeldAddresses:
    """The addresses of a person. box: the main address of their mailbox, "" without one."""

    address: str = ""
    aliases: tuple[str, ...] = ()
    box: str = ""


def split_addresses(text: str) -> list[str]:
    """Several addresses have a blank, a comma or a semicolon between them; "smtp:" before one is no part of it."""
    return list(dict.fromkeys(_bare(word) for word in re.split(r"[\s,;]+", text) if word))


def from_directory(words: Iterable[str], domains: Collection[str]) -> tuple[str, list[str]]:
    """(main, others) of a directory's addresses, the most likely main one first.
    Other domains and other kinds (X500, SIP) are left out.
    "SMTP:" in capitals marks the main one."""
    words = [word.strip() for word in words]
    words.sort(key=lambda word: not word.startswith("SMTP:"))
    addresses_ = dict.fromkeys(_bare(word) for word in words)
    ours = [word for word in addresses_ if ":" not in word and word.rpartition("@")[2] in domains and word.count("@") == 1]
    return (ours[0], ours[1:]) if ours else ("", [])


def _bare(word: str) -> str:
    plain = word.strip().strip("<>").lower()
    return plain.removeprefix("smtp:").removeprefix("mailto:")


def addresses(row: Row) -> list[str]:
    """All addresses of a line, the main one first."""
    return list(dict.fromkeys(a for a in (row.address, *row.aliases.split()) if a))


def find_refused(rows: Sequence[Row], had: Mapping[str, HeldAddresses], book: AddressBook) -> dict[str, str]:
    """uid -> why a line cannot be used, and what to do."""
    places: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for address in addresses(row):
            places[address].append(row)
    leaving = {row.uid: _left(row, had.get(row.uid, HeldAddresses())) for row in rows}
    reasons = {}
    for row in rows:
        if why := next(_problems(row, places, leaving, book), ""):
            reasons[row.uid] = why
        elif row.aliases and not _after(row, had.get(row.uid, HeldAddresses())).address:
            reasons[row.uid] = "The line has aliases and no address: say which one the mailbox is called by."
    return reasons


def _problems(
    row: Row, places: Mapping[str, Sequence[Row]], leaving: Mapping[str, Collection[str]], book: AddressBook
) -> Iterator[str]:
    for address in addresses(row):
        try:
            local_part.checked(address, book.domains, personal=True)
        except Unusable as problem:
            yield f"{address[:80]}: {problem}"
            continue
        if len(both := places[address]) > 1:
            lines = " and ".join(str(other.line) for other in both[:5])
            yield f"Lines {lines} have the address {address}. It is one person's: take it out of the other lines."
        owner = book.owners.get(address)
        if owner is None or owner.uid == row.uid or (owner.kept and address in leaving.get(owner.uid, ())):
            continue
        advice = "Correct one of the two" if owner.uid else "Leave it out here, and let the person use or join that"
        yield f"{address} is {owner.words}. {advice}: an address stays with whoever had it."


def _left(row: Row, had: HeldAddresses) -> set[str]:
    """Addresses that a line takes from a person without a mailbox."""
    after = _after(row, had)
    return set() if had.box else {had.address, *had.aliases} - {after.address, *after.aliases}


def _after(row: Row, had: HeldAddresses) -> HeldAddresses:
    """A person's addresses after a line is applied.
    An empty field changes nothing.
    Without a mailbox the line replaces them; with one nothing is removed, and the old main address becomes an alias."""
    if not had.box:
        address = row.address or had.address
        others = set(row.aliases.split()) or set(had.aliases)
        return HeldAddresses(address, tuple(sorted(others - {address})))
    address = row.address or had.address
    others = {*had.aliases, *row.aliases.split(), had.address, had.box} - {address, ""}
    return HeldAddresses(address, tuple(sorted(others)), had.box)


def columns_after(row: Row, held: HeldAddresses) -> dict[str, str]:
    """The two columns as they are afterwards."""
    after = _after(row, held)
    return {"address": after.address, "aliases": " ".join(after.aliases)}


def note(row: Row, had: HeldAddresses) -> str:
    """A remark about a line that changes the address of an existing mailbox."""
    if had.box and row.address and row.address not in (had.box, had.address):
        return f"Has the mailbox {had.box}, which keeps its name; {row.address} reaches it, too."
    return ""


def find_lookalikes(rows: Sequence[Row], book: AddressBook) -> dict[str, str]:
    """uid -> which address of another person one of theirs looks like (P-24): a warning, not a refusal."""
    if book.look is None:
        return {}
    looks: dict[str, dict[str, str]] = defaultdict(dict)
    for address, owner in book.owners.items():
        looks[book.look(address)][address] = owner.uid
    for row in rows:
        for address in addresses(row):
            looks[book.look(address)][address] = row.uid
    notes = {}
    for row in rows:
        for address in addresses(row):
            others = [other for other, uid in looks[book.look(address)].items() if other != address and uid != row.uid]
            if others:
                notes[row.uid] = f"{address} looks like {others[0]}, which is somebody else's."
                break
    return notes
