"""Whether an outside address is the sender's own account (P-11): registered as theirs, or by two kinds of signals. Pure.

A city writes to thousands of people at the same providers, and some share a name with an employee. One signal is not enough: a
family name never counts, a full name counts once, and something in the sender's behavior must be added.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from civicmail.core.message.lookalike import skeleton
from civicmail.mail.screening import staffnames

LOCAL, DISPLAY, FORWARD, ALONE, RULE, REGISTERED = "local-part", "display-name", "forward", "alone", "rule", "registered"

_FORWARD = re.compile(r"\s*(?:\[[^\]]{1,40}\]\s*)?(?:fwd?|wg|tr|rv|enc|i)\s*:", re.IGNORECASE)
"""Subject prefixes of forwarded mail in English, German, French, Spanish, Portuguese and Italian."""
_REPLY = re.compile(r"\s*(?:\[[^\]]{1,40}\]\s*)?(?:re|aw|sv|antw|rif|res)\s*:", re.IGNORECASE)
_NOT_LETTERS = re.compile(r"[^a-z]+")
_SHORTEST = 5


@dataclass(frozen=True, slots=True)
class Sending:
    """name: of the sender, from the directory; personal: from their own address, not an office's; alone: no other outside
    recipient, and no inside recipient but themselves; rule: a mailbox rule sent it; registered: their outside addresses, lower
    case."""

    name: str
    personal: bool
    subject: str
    is_answer: bool
    alone: bool
    rule: bool
    registered: frozenset[str] = frozenset()


def signals(sending: Sending, address: str, display: str) -> tuple[str, ...]:
    """The signals that the account is the sender's. display: the name beside the address in To or Cc, "" for none."""
    if address in sending.registered:
        return (REGISTERED,)
    names = []
    if resembles(address.rpartition("@")[0], sending.name):
        names.append(LOCAL)
    if display and "@" not in display and staffnames.is_same(display, sending.name):
        names.append(DISPLAY)
    if names and sending.rule:
        names.append(RULE)
    if names and sending.alone:
        names.append(ALONE)
        if is_forward(sending.subject):
            names.append(FORWARD)
    return tuple(names)


def is_own(sending: Sending, signals: tuple[str, ...]) -> bool:
    """Whether the signals suffice: registered; or the full name and a forward to oneself, or a rule; or the full name twice in a
    new message to nobody else, from the sender's own address. Answers to a namesake, and mail from an office's address, do not
    count."""
    if REGISTERED in signals:
        return True
    if not sending.personal or not {LOCAL, DISPLAY} & set(signals):
        return False
    if RULE in signals or FORWARD in signals:
        return True
    return {LOCAL, DISPLAY, ALONE} <= set(signals) and not sending.is_answer and not _REPLY.match(sending.subject)


def is_forward(subject: str) -> bool:
    return _FORWARD.match(subject) is not None


def resembles(local: str, name: str) -> bool:
    """Whether a local part has someone's given and family name, in any order: dana.reyes, reyesdana77, dana.m.reyes. A family name
    with an initial is that of a family."""
    parts = staffnames.words(name)
    pieces = [piece for piece in _NOT_LETTERS.split(local.partition("+")[0].lower()) if piece]
    if len(parts) < 2 or not pieces:
        return False
    given, families = parts[0], parts[1:][-2:]
    looks = {skeleton(piece) for piece in pieces}
    if given in looks and not looks.isdisjoint(families):
        return staffnames.generation(" ".join(pieces)) == staffnames.generation(name)
    whole = skeleton("".join(pieces))
    return any(_joined(whole, given, family) or _joined(whole, family, given) for family in families)


def _joined(whole: str, first: str, last: str) -> bool:
    """Whether it is both names in one word, with at most a middle initial between them."""
    room = len(whole) - len(first) - len(last)
    if len(whole) < _SHORTEST or min(len(first), len(last)) < 2:
        return False
    return whole == skeleton(first + last) or (room == 1 and whole.startswith(first) and whole.endswith(last))
