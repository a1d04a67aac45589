"""The combined check "use": at least two signals that an insider's mail is a campaign, private business, abuse, or a copy of
another's work (P-10 … P-13).

Findings go to sampled review by people; no mail is held, rejected, answered or reported to a manager because of them. Exempt mail
gives no finding at all: privileged, union, medical and whistle-blower mail, reporters, elected officials and the exceptions in the
settings (elections office, ombudsman, union). Threats are separate findings, reported to people at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from civicmail.city.identity.person_kinds import PERSON_KINDS
from civicmail.city.policy.dispositions import FactValue, Finding
from civicmail.city.snapshot.snapshot import Person
from civicmail.core.config.settings import Settings
from civicmail.mail.screening.shapes import NOTHING, CheckResult, CombinedCase
from civicmail.mail.screening.use import copied_works
from civicmail.mail.screening.use.phrases import LISTS, WORDS, Kind

NAME = "use"
VERSION = 2
BULK = 20
"""Recipients outside the city from which on a letter of one person is a mailing."""

FEW = 3
"""Outside recipients up to which limited personal use is not recorded (P-10)."""

SEVERAL, MANY = 2, 4
"""Different phrases that are one signal, and two."""

MAX_FINDINGS = 5
REVIEWED: tuple[Kind, ...] = ("campaign", "commercial", "severe")


def find(case: CombinedCase) -> CheckResult:
    """The facts use.categories, .listed, .bulk, .exempt, .threat. Raises TypeError or ValueError for values that none of our checks
    gives."""
    person = _insider(case)
    if person is None:
        return NOTHING
    outside = _outside(case)
    bulk = len(outside) >= BULK and not case.message.list_id and _is_personal(case)
    facts: dict[str, FactValue] = {"use.bulk": True} if bulk else {}
    by_kind: Mapping[str, Any] = case.more.get(WORDS, {})
    if _is_exempt(case, person, outside, by_kind, bulk=bulk):
        return CheckResult(facts={**facts, "use.exempt": True})
    findings: list[Finding] = []
    categories = [kind for kind in REVIEWED if _signals(kind, case, by_kind, bulk=bulk) >= 2]
    of_others = _of_others(case, by_kind)
    if _is_tolerated(case, person, outside, bulk=bulk):
        categories = [kind for kind in categories if kind != "commercial"]
    for kind in categories:
        findings += _findings(kind, by_kind[kind].items())
    if of_others:
        findings += [
            Finding(NAME, copied_works.KIND, one.part, mask=one.id, sure=60, version=VERSION) for one in of_others[:MAX_FINDINGS]
        ]
        categories.append(copied_works.KIND)
        if of_others[0].kind == "list":
            facts["use.listed"] = True
    threats = {p.id for p in LISTS["severe"].phrases if p.threat} & by_kind.get("severe", {}).keys()
    if threats:
        findings += _findings("threat", ((id_, by_kind["severe"][id_]) for id_ in sorted(threats)))
        facts["use.threat"] = True
    if categories:
        facts["use.categories"] = tuple(categories)
    return CheckResult(tuple(findings), facts)


def open_(_settings: Settings, data: Path) -> copied_works.Works:
    return copied_works.Works(data)


def _of_others(case: CombinedCase, by_kind: Mapping[str, Any]) -> list[copied_works.Sign]:
    """Signs of a copied work; empty if they are not enough. A file of the city's lists comes first."""
    tool = case.context.tools.get(NAME)
    listed = [
        copied_works.Sign("list", f"list-{name}", file.part)
        for file in case.message.files
        if isinstance(tool, copied_works.Works) and file.sha256 and (name := tool.named(file.sha256))
    ]
    signs = list(copied_works.signs(case, by_kind.get(copied_works.KIND, {})))
    return [*listed, *dict.fromkeys(signs)] if listed or copied_works.are_enough(signs) else []


def _insider(case: CombinedCase) -> Person | None:
    """The employee whose mail it is; None for outsiders, machines, and unknown senders."""
    snapshot = case.context.snapshot
    if case.inbound or snapshot is None:
        return None
    person = snapshot.people.get(case.envelope.login.partition("/")[0]) if case.envelope.login else None
    if person is None and (box := snapshot.mailbox_of(case.envelope.sender)) is not None and box.holder:
        person = snapshot.people.get(box.holder)
    return None if person is None or person.machine else person


def _outside(case: CombinedCase) -> list[str]:
    """Addresses outside the city, each once."""
    assert case.context.snapshot is not None
    every = {recipient.address.lower() for recipient in case.envelope.recipients if not recipient.box}
    inside = case.context.domains
    return sorted(a for a in every if a.rpartition("@")[2] not in inside and case.context.snapshot.mailbox_of(a) is None)


def _is_personal(case: CombinedCase) -> bool:
    """Sent from a person's own mailbox; an office's mailbox writes to many because it is an office."""
    assert case.context.snapshot is not None
    box = case.context.snapshot.mailbox_of(case.envelope.sender)
    return box is None or box.kind == "personal"


def _is_exempt(case: CombinedCase, person: Person, outside: list[str], by_kind: Mapping[str, Any], *, bulk: bool) -> bool:
    """Whether it is exempt from review. A mailing to many is not exempt because of a word in it: privileged mail does not go to
    many."""
    assert case.context.snapshot is not None
    named = {name.lower() for name in case.context.settings.screening.unreviewed}
    box = case.context.snapshot.mailbox_of(case.envelope.sender)
    ours = {case.envelope.sender.lower(), box.department if box is not None else "", box.id if box is not None else ""}
    if (kind := PERSON_KINDS.get(person.kind)) is not None and kind.constituents:
        return True
    if named & ours:
        return True
    theirs = {recipient.address.lower() for recipient in case.envelope.recipients}
    others = {other.department for a in theirs if (other := case.context.snapshot.mailbox_of(a)) is not None}
    if not bulk and named & (theirs | {a.rpartition("@")[2] for a in theirs} | others):
        return True
    return not bulk and (bool(by_kind.get("exempt")) or any(_is_press(a.rpartition("@")[2]) for a in outside))


def _is_press(domain: str) -> bool:
    return any(host in label for label in domain.split(".")[:-1] for host in LISTS["exempt"].hosts)


def _signals(kind: Kind, case: CombinedCase, by_kind: Mapping[str, Any], *, bulk: bool) -> int:
    """How many independent signs there are; none without words of the list."""
    hits = by_kind.get(kind, {})
    if not hits:
        return 0
    markers = {p.id for p in LISTS[kind].phrases if p.marker} & hits.keys()
    words = len(hits) - len(markers)
    if kind == "severe":
        return min(2, len(hits)) if not by_kind.get("directed") else 1 + min(1, len(hits))
    return (
        (words >= SEVERAL) + (words >= MANY) + bool(markers) + (bulk and words + len(markers) >= SEVERAL) + _answers_elsewhere(case)
    )


def _answers_elsewhere(case: CombinedCase) -> bool:
    """Answers go to an address outside: to the campaign, to the business."""
    there = {address.rpartition("@")[2] for address in case.message.addresses("reply-to")}
    return bool(there - set(case.context.domains))


def _is_tolerated(case: CombinedCase, person: Person, outside: list[str], *, bulk: bool) -> bool:
    """Whether it is a note to a few in a department that permits limited personal use; it is not recorded."""
    return not bulk and len(outside) <= FEW and person.may_personally(case.context.now)


def _findings(code: str, hits: Iterable[tuple[str, Any]]) -> list[Finding]:
    """The first phrases of a category: which of the list, and where."""
    first_hits = list(hits)[:MAX_FINDINGS]
    return [Finding(NAME, code, str(part), int(at), int(length), id_, 60, VERSION) for id_, (part, at, length) in first_hits]
