"""What becomes of each located item, and the equation that adds them up (36 CFR 1250.30; §19.35(4)(b), Wis. Stats.). Pure.

located = released in full + redacted + withheld + not responsive + not a record + personal + duplicate + still open
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

DISPOSITIONS = {
    "released_in_full": "released in full",
    "redacted": "redacted",
    "withheld": "withheld",
    "not_responsive": "not responsive",
    "not_a_record": "not a record",
    "personal": "purely personal",
    "duplicate": "duplicate",
}
"""Disposition -> its words. The keys are the terms of core/redaction/balance.py."""
OPEN = "open"
"""Nobody has decided it yet: it may come in a later production."""
OF_VERDICT = {
    "release": "released_in_full",
    "redact": "redacted",
    "withhold": "withheld",
    "not-responsive": "not_responsive",
    "not-a-record": "not_a_record",
    "personal": "personal",
    "duplicate": "duplicate",
}
"""Verdict of a decision (states.VERDICTS) -> disposition of the first item with that content."""
PRODUCED = frozenset({"released_in_full", "redacted"})
"""Dispositions of which files are made."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A redaction as it is planned. may_leave_elsewhere: a person wrote down why the same words may be released elsewhere; the
    other fields are those of core/redaction/shapes.Redaction."""

    number: int
    code: str
    reason: str = ""
    first: int = -1
    last: int = -1
    page: int = 0
    box: tuple[float, float, float, float] | None = None
    may_leave_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class DecidedItem:
    """An item with what was decided about its content. parent: number of its message, 0 for a message; verdict: "" if nobody has
    decided; holders: mailboxes that had it; may_quote: a person noted why it leaves as it is."""

    number: int
    content: str
    parent: int = 0
    verdict: str = ""
    code: str = ""
    reason: str = ""
    marks: tuple[Marked, ...] = ()
    is_message: bool = True
    media_type: str = "message/rfc822"
    holders: tuple[str, ...] = ()
    may_quote: bool = False

    @property
    def family(self) -> int:
        return self.parent or self.number


def dispositions(items: Iterable[DecidedItem]) -> dict[int, str]:
    """Number of an item -> its disposition. Of several items with the same content the first has the decision, the others are its
    duplicates: one decision, and every copy counted."""
    seen: set[str] = set()
    result: dict[int, str] = {}
    for item in sorted(items, key=lambda one: one.number):
        if not item.verdict:
            result[item.number] = OPEN
        elif item.content in seen:
            result[item.number] = "duplicate"
        else:
            result[item.number] = OF_VERDICT[item.verdict]
        if item.verdict:
            seen.add(item.content)
    return result


def balance(of_items: Mapping[int, str]) -> dict[str, int]:
    """Numbers of items: located, each disposition, and open."""
    counts = Counter(of_items.values())
    return {"located": len(of_items), **{name: counts[name] for name in DISPOSITIONS}, OPEN: counts[OPEN]}


def equation(balance: Mapping[str, int]) -> str:
    """The balance as a sentence, for the letter, the log and the page. Raises ValueError where it does not add up."""
    parts = [(balance[name], words) for name, words in DISPOSITIONS.items()]
    total = sum(count for count, _ in parts) + balance[OPEN]
    if total != balance["located"] or min(balance.values()) < 0:
        raise ValueError(f"the items do not balance: {balance['located']} were located, and {total} have a disposition")
    shown = " + ".join(f"{count:,} {words}" for count, words in parts)
    more = f" + {balance[OPEN]:,} still in review" if balance[OPEN] else ""
    return f"{balance['located']:,} located = {shown}{more}."


def problems(items: Sequence[DecidedItem]) -> list[str]:
    """Why nothing can be released yet, a sentence each. Items that nobody has decided are no problem: they are released later."""
    sentences = []
    for item in items:
        what = f"Item {item.number:06}"
        if item.verdict == "redact" and not item.marks:
            sentences.append(f"{what} is to be redacted, and has no redaction.")
        if item.verdict == "release" and item.marks:
            sentences.append(f"{what} is to be released in full, and has redactions.")
        if item.verdict == "withhold" and not (item.code and item.reason.strip()):
            sentences.append(f"{what} is withheld without a code or a reason.")
        if item.verdict == "redact":
            sentences += [f"Box {mark.number} of item {item.number:06} has no code." for mark in item.marks if not mark.code]
    return list(dict.fromkeys(sentences))


def digest(items: Iterable[DecidedItem]) -> str:
    """SHA-256 of everything that was decided, by which a change is noticed between making, approval and release."""
    plain = [asdict(item) for item in sorted(items, key=lambda one: one.number)]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
