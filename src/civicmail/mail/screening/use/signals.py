"""The joint check "use": two signals or more that an insider's mail is a campaign, business of one's own, abuse, or a copy of the
work of others (P-10 … P-13).

Findings go to sampled review by people; nothing is held, refused, answered or told to a manager for what this says. What nobody may
review is no finding at all: privileged, union, medical and whistle-blower mail, reporters, elected officials and whom the settings
name (elections office, ombudsman, union). Threats are a finding of their own, for people to see at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from civicmail.city.access.person_kinds import PERSON_KINDS
from civicmail.city.access.snapshot import Person
from civicmail.city.policy.dispositions import FactValue, Finding
from civicmail.core.config.settings import Settings
from civicmail.mail.screening.shapes import NOTHING, Found, Joint
from civicmail.mail.screening.use import works
from civicmail.mail.screening.use.phrases import LISTS, WORDS, Kind

NAME = "use"
VERSION = 2
BULK = 20
"""Recipients outside the city from which on a letter of one person is a mailing."""

FEW = 3
"""Recipients outside up to which limited personal use is nobody's affair (P-10)."""

SEVERAL, MANY = 2, 4
"""Different phrases that are one signal, and two."""

TOLD = 5
REVIEWED: tuple[Kind, ...] = ("campaign", "commercial", "severe")


def find(case: Joint) -> Found:
    """Facts use.categories, .listed, .bulk, .exempt, .threat. Raises TypeError or ValueError for what no check of ours says."""
    person = _insider(case)
    if person is None:
        return NOTHING
    outside = _outside(case)
    bulk = len(outside) >= BULK and not case.seen.list_id and _is_personal(case)
    facts: dict[str, FactValue] = {"use.bulk": True} if bulk else {}
    said: Mapping[str, Any] = case.more.get(WORDS, {})
    if _is_exempt(case, person, outside, said, bulk=bulk):
        return Found(facts={**facts, "use.exempt": True})
    findings: list[Finding] = []
    found = [kind for kind in REVIEWED if _signals(kind, case, said, bulk=bulk) >= 2]
    of_others = _of_others(case, said)
    if _is_tolerated(case, person, outside, bulk=bulk):
        found = [kind for kind in found if kind != "commercial"]
    for kind in found:
        findings += _findings(kind, said[kind].items())
    if of_others:
        findings += [Finding(NAME, works.KIND, one.part, mask=one.id, sure=60, version=VERSION) for one in of_others[:TOLD]]
        found.append(works.KIND)
        if of_others[0].kind == "list":
            facts["use.listed"] = True
    threats = {p.id for p in LISTS["severe"].phrases if p.threat} & said.get("severe", {}).keys()
    if threats:
        findings += _findings("threat", ((id_, said["severe"][id_]) for id_ in sorted(threats)))
        facts["use.threat"] = True
    if found:
        facts["use.categories"] = tuple(found)
    return Found(tuple(findings), facts)


def open_(_settings: Settings, data: Path) -> works.Works:
    return works.Works(data)


def _of_others(case: Joint, said: Mapping[str, Any]) -> list[works.Sign]:
    """What says that it is the work of others; nothing where that is not enough. A file of the city's lists comes first."""
    tool = case.world.tools.get(NAME)
    listed = [
        works.Sign("list", f"list-{name}", file.part)
        for file in case.seen.files
        if isinstance(tool, works.Works) and file.sha256 and (name := tool.named(file.sha256))
    ]
    signs = list(works.signs(case, said.get(works.KIND, {})))
    return [*listed, *dict.fromkeys(signs)] if listed or works.are_enough(signs) else []


def _insider(case: Joint) -> Person | None:
    """The person of the city whose mail it is; None for outsiders, machines, and where nobody knows."""
    snapshot = case.world.snapshot
    if case.inbound or snapshot is None:
        return None
    person = snapshot.people.get(case.envelope.login.partition("/")[0]) if case.envelope.login else None
    if person is None and (box := snapshot.mailbox_of(case.envelope.sender)) is not None and box.holder:
        person = snapshot.people.get(box.holder)
    return None if person is None or person.machine else person


def _outside(case: Joint) -> list[str]:
    """Addresses outside the city, each once."""
    assert case.world.snapshot is not None
    every = {recipient.address.lower() for recipient in case.envelope.recipients if not recipient.box}
    inside = case.world.domains
    return sorted(a for a in every if a.rpartition("@")[2] not in inside and case.world.snapshot.mailbox_of(a) is None)


def _is_personal(case: Joint) -> bool:
    """Sent from a person's own mailbox; an office's mailbox writes to many because it is an office."""
    assert case.world.snapshot is not None
    box = case.world.snapshot.mailbox_of(case.envelope.sender)
    return box is None or box.kind == "personal"


def _is_exempt(case: Joint, person: Person, outside: list[str], said: Mapping[str, Any], *, bulk: bool) -> bool:
    """Whether nobody may review it. A mailing to many is not exempt for a word in it: nothing privileged goes to many."""
    assert case.world.snapshot is not None
    named = {name.lower() for name in case.world.settings.screening.unreviewed}
    box = case.world.snapshot.mailbox_of(case.envelope.sender)
    ours = {case.envelope.sender.lower(), box.department if box is not None else "", box.id if box is not None else ""}
    if (kind := PERSON_KINDS.get(person.kind)) is not None and kind.constituents:
        return True
    if named & ours:
        return True
    theirs = {recipient.address.lower() for recipient in case.envelope.recipients}
    others = {other.department for a in theirs if (other := case.world.snapshot.mailbox_of(a)) is not None}
    if not bulk and named & (theirs | {a.rpartition("@")[2] for a in theirs} | others):
        return True
    return not bulk and (bool(said.get("exempt")) or any(_is_press(a.rpartition("@")[2]) for a in outside))


def _is_press(domain: str) -> bool:
    return any(host in label for label in domain.split(".")[:-1] for host in LISTS["exempt"].hosts)


def _signals(kind: Kind, case: Joint, said: Mapping[str, Any], *, bulk: bool) -> int:
    """How many independent signs there are; none without words of the list."""
    hits = said.get(kind, {})
    if not hits:
        return 0
    markers = {p.id for p in LISTS[kind].phrases if p.marker} & hits.keys()
    words = len(hits) - len(markers)
    if kind == "severe":
        return min(2, len(hits)) if not said.get("directed") else 1 + min(1, len(hits))
    return (
        (words >= SEVERAL) + (words >= MANY) + bool(markers) + (bulk and words + len(markers) >= SEVERAL) + _answers_elsewhere(case)
    )


def _answers_elsewhere(case: Joint) -> bool:
    """Answers go to an address outside: to the campaign, to the business."""
    there = {address.rpartition("@")[2] for address in case.seen.addresses("reply-to")}
    return bool(there - set(case.world.domains))


def _is_tolerated(case: Joint, person: Person, outside: list[str], *, bulk: bool) -> bool:
    """A note to a few, where the department allows limited personal use: nothing of it is kept."""
    return not bulk and len(outside) <= FEW and person.may_personally(case.world.now)


def _findings(code: str, hits: Iterable[tuple[str, Any]]) -> list[Finding]:
    """The first phrases of a category: which of the list, and where."""
    told = list(hits)[:TOLD]
    return [Finding(NAME, code, str(part), int(at), int(length), id_, 60, VERSION) for id_, (part, at, length) in told]
