"""Compare a personnel list with the directory: added, changed, ended, refused (L7). Pure.

A person who is missing from the list is ended, if the list has people of that kind at all.
A person whose line was refused stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from civicmail.city.directory import feed_addresses
from civicmail.city.directory.feed_addresses import AddressBook, HeldAddresses
from civicmail.city.directory.feed_file import Feed, Row

DELETION_RATIO = 50
"""A feed that would end more than one in so many people (2 %) stops."""

MAX_AHEAD = timedelta(days=366)
"""How long before their first day people may be in a list."""

_NO_BOOK = AddressBook()

NEEDS_CONTRACT = frozenset({"contractor", "vendor", "agent"})


@dataclass(frozen=True, slots=True)
class Known:
    """A person of the directory as a list would describe them. open: works for the city now; had: their addresses, where the list
    speaks of addresses."""

    uid: str
    family: str
    given: str
    display: str
    phone: str
    language: str
    kind: str = ""
    department: str = ""
    position: str = ""
    supervisor: str = ""
    contract: str = ""
    ends: date | None = None
    open: bool = False
    outside: str = ""
    had: HeldAddresses = field(default_factory=HeldAddresses)


@dataclass(frozen=True, slots=True)
class FeedResult:
    """did: added, changed, ended, refused. changes: field -> [before, after]; reason: of a refusal, or of a field that was left
    out."""

    line: int
    uid: str
    did: str
    changes: dict[str, list[str]] = field(default_factory=dict)
    reason: str = ""


def compare(
    feed: Feed,
    known: Mapping[str, Known],
    departments: frozenset[str],
    contracts: Mapping[str, date],
    today: date,
    book: AddressBook = _NO_BOOK,
) -> list[FeedResult]:
    """The results in order of the file, then endings. contracts: "agency/number" -> last day; book: of addresses."""
    lines = [FeedResult(r.line, r.uid, "refused", reason=r.reason) for r in feed.refused]
    good: list[Row] = []
    clashes = feed_addresses.find_refused(feed.rows, {uid: person.had for uid, person in known.items()}, book)
    for row in feed.rows:
        if why := _problem(row, departments, contracts, today) or clashes.get(row.uid, ""):
            lines.append(FeedResult(row.line, row.uid, "refused", reason=why))
        else:
            good.append(row)
    left_out = _without_supervisor(good, known)
    alike = feed_addresses.find_lookalikes(good, book)
    differences = (
        _difference(row, known.get(row.uid), feed.columns, left_out.get(row.uid, ""), alike.get(row.uid, "")) for row in good
    )
    lines.extend(line for line in differences if line is not None)
    lines.sort(key=lambda line: line.line)
    mentioned = {row.uid for row in feed.rows} | {r.uid for r in feed.refused}
    kinds = {row.kind for row in feed.rows}
    gone = [k for k in known.values() if k.open and k.kind in kinds and k.uid not in mentioned]
    return lines + [FeedResult(0, k.uid, "ended", reason="Not in the list any more.") for k in sorted(gone, key=lambda k: k.uid)]


def compare_one(
    row: Row,
    known: Mapping[str, Known],
    columns: frozenset[str],
    departments: frozenset[str],
    contracts: Mapping[str, date],
    today: date,
    book: AddressBook = _NO_BOOK,
) -> FeedResult | None:
    """Compare a single person: None if nothing differs. known: the person, and their superiors; columns: what the source states;
    other columns stay unchanged."""
    had = {uid: person.had for uid, person in known.items()}
    if why := _problem(row, departments, contracts, today) or feed_addresses.find_refused([row], had, book).get(row.uid, ""):
        return FeedResult(row.line, row.uid, "refused", reason=why)
    left_out = _without_supervisor([row], known)
    return _difference(row, known.get(row.uid), columns, left_out.get(row.uid, ""))


def _problem(row: Row, departments: frozenset[str], contracts: Mapping[str, date], today: date) -> str:
    if row.department not in departments:
        return f"There is no department {row.department}: write the code or name of one or open it."
    if (row.kind in NEEDS_CONTRACT) != bool(row.contract):
        return f"A {row.kind} is here under a contract of an agency." if not row.contract else f"A {row.kind} has no contract."
    if row.contract and row.contract not in contracts:
        return f"There is no contract {row.contract}; write AGENCY/NUMBER."
    if row.contract and contracts[row.contract] < today:
        return f"The contract {row.contract} is over."
    if row.starts and row.starts > today + MAX_AHEAD:
        return "The first day is more than a year away."
    if row.starts and row.ends and row.ends < row.starts:
        return "The last day comes before the first."
    if row.ends and row.ends < today:
        return "The last day has passed; leave the person out of the list."
    return ""


def _without_supervisor(rows: list[Row], known: Mapping[str, Known]) -> dict[str, str]:
    """uid -> why no supervisor is set: one who is nowhere, or a circle."""
    above = {k.uid: k.supervisor for k in known.values() if k.open} | {row.uid: row.supervisor for row in rows}
    reasons = {}
    for row in rows:
        if row.supervisor and row.supervisor not in above:
            reasons[row.uid] = f"The supervisor {row.supervisor} is not in the list; none was set."
        elif row.supervisor and _goes_round(row.uid, above):
            reasons[row.uid] = "The supervisors of this person go round in a circle; none was set."
    return reasons


def _goes_round(uid: str, above: Mapping[str, str]) -> bool:
    seen, at = {uid}, above.get(uid, "")
    while at:
        if at == uid:
            return True
        if at in seen:
            return False
        seen.add(at)
        at = above.get(at, "")
    return False


def _difference(row: Row, before: Known | None, columns: frozenset[str], left_out: str, alike: str = "") -> FeedResult | None:
    """left_out: why no supervisor is set; alike: whose address theirs looks like."""
    had = before.had if before is not None else HeldAddresses()
    values = {
        "family": row.family,
        "given": row.given,
        "display": row.shown,
        "phone": row.phone,
        "language": row.language,
        "kind": row.kind,
        "department": row.department,
        "position": row.position,
        "supervisor": "" if left_out else row.supervisor,
        "contract": row.contract,
        "ends": str(row.ends or ""),
        "outside": row.outside,
        **(feed_addresses.columns_after(row, had) if feed_addresses.COLUMNS & columns else {}),
    }
    if before is None or not before.open:
        changes = {name: ["", value] for name, value in values.items() if value}
        changes["starts"] = ["", str(row.starts or "")]
        return FeedResult(row.line, row.uid, "added", changes, _together(left_out, alike, feed_addresses.note(row, had)))
    was = {name: str(getattr(before, name, "") or "") for name in values}
    was |= {"address": had.address, "aliases": " ".join(had.aliases)}
    looked_at = (columns - {"starts", "uid"}) | ({"display"} if {"given", "family"} & columns else set())
    looked_at |= feed_addresses.COLUMNS  # an alias may become the main one
    if "display" not in columns and was["display"] != f"{was['given']} {was['family']}".strip():
        looked_at -= {"display"}  # a person chose it
    changes = {n: [was[n], values[n]] for n in values if n in looked_at and was[n] != values[n]}
    if changes.keys() & feed_addresses.COLUMNS:
        left_out = _together(left_out, alike, feed_addresses.note(row, had))
    return FeedResult(row.line, row.uid, "changed", changes, left_out) if changes or left_out else None


def _together(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
