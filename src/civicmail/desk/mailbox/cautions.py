"""Warnings before a message is sent, although no rule objects (P-19, P-27). Pure; the pages make the words.

They are about: outside recipients who see each other, a colleague's name at an outside address, a reply to hundreds, a copy
that must be encrypted and has no route, and more recipients than the sender usually has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.message import message_parser
from civicmail.core.message.filter_verdicts import header_of
from civicmail.core.message.model import Address, ParsedMessage
from civicmail.mail.screening.claimed_identity import identify

Code = Literal["shown", "namesake", "everybody", "no-way", "unlike"]
MAX_SHOWN = 20
"""Outside people in To and Cc, above which a warning is shown."""
MANY_RECIPIENTS = 100
"""Recipients from which a reply gets a warning."""
MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class Caution:
    """count: how many it is about; addresses: some of them, or all that have no route; name: of the colleague."""

    code: Code
    count: int
    addresses: tuple[str, ...] = ()
    name: str = ""


def cautions(content: bytes, recipients: int, people: Snapshot | None, domains: Collection[str]) -> tuple[Caution, ...]:
    """content: the message; recipients: all of them, with members of lists; domains: of the city, lower case."""
    message = message_parser.parse(header_of(content) or b"")
    result = [*_shown(message, domains), *_namesakes((*message.to, *message.cc, *message.bcc), people, domains)]
    if message.in_reply_to and recipients >= MANY_RECIPIENTS:
        result.append(Caution("everybody", recipients))
    return tuple(result)


def _shown(message: ParsedMessage, domains: Collection[str]) -> Iterable[Caution]:
    outside = sorted({a.addr.lower() for a in (*message.to, *message.cc) if _is_outside(a, domains)})
    if len(outside) > MAX_SHOWN:
        yield Caution("shown", len(outside), tuple(outside[:MAX_NAMED]))


def _namesakes(to: Iterable[Address], people: Snapshot | None, domains: Collection[str]) -> Iterable[Caution]:
    """By the display name of the address, else by its local part."""
    outside = {a.addr.lower(): a for a in to if _is_outside(a, domains)}
    if people is None or not outside:
        return
    locals_ = {box.id.partition("@")[0]: box.name for box in people.mailboxes.values() if box.kind == "personal"}
    for address, outside_address in outside.items():
        named = (person.name for person in identify(people, outside_address.display).people)
        if name := next(named, "") or locals_.get(outside_address.local.lower(), ""):
            yield Caution("namesake", 1, (address,), name)


def folded(name: str) -> str:
    """Ortiz, Dana is Dana Ortiz."""
    last, comma, first = name.partition(",")
    return " ".join((f"{first} {last}" if comma else name).casefold().split())


def _is_outside(address: Address, domains: Collection[str]) -> bool:
    return bool(address.domain) and address.domain.lower() not in domains
