"""Sample work for every desk: approvals, quarantine, reports, a compromised account, findings, appeals, rules (issue 8)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from civicmail.city.conduct.actions import account_closure
from civicmail.city.directory.models import Department, Mailbox, Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.disk.tail import Tail
from civicmail.desk.holding import approval_switches, queries, senders
from civicmail.desk.holding.actions import (
    appeals,
    approval_decisions,
    approval_requests,
    containment,
    preapproval,
    release_requests,
    sender_verification,
    standing_approvals,
    switch_approval,
)
from civicmail.desk.holding.actions.journal_consumer import HoldingConsumer
from civicmail.desk.holding.models import Approval
from civicmail.desk.holding.verification_channels import Channel
from civicmail.desk.incidents import queries as incidents
from civicmail.desk.incidents.actions import case_answers, reporting
from civicmail.desk.incidents.models import Case
from civicmail.desk.mailbox.actions import edit_drafts, mark_mail
from civicmail.desk.mailbox.actions.edit_drafts import NewFile
from civicmail.desk.oversight import rule_text
from civicmail.desk.oversight.actions import publish_rules, rule_decisions, rules
from civicmail.front.sample import attacks, letters_to_answer, people
from civicmail.front.sample.archived_mail import Letter, Letterbox
from civicmail.front.sample.letters_to_answer import Who
from civicmail.front.sample.staff_context import Staff, actor, in_role
from civicmail.mail.screening import correspondents
from civicmail.mail.screening.correspondents import Correspondents

HOUR = 3_600_000
MAX_DRAFT_BYTES = 10 << 20
"""Bytes of the files of a draft."""
_SWITCH = "Public works asks its managers about files first (P-22)."
_NOT = "Its letters rarely have files, and the council reads the report each month."
_MANY = "The police department wants it, too; its letters have many files."


def fill(data: Path, city: Staff, snapshot: Snapshot, now: int) -> int:
    """Run after people and the month's mail exist. Returns the number of messages. now: epoch ms."""
    _switch(city, now)
    _rules(city, now)
    _acquaintances(data)
    with Letterbox(data, snapshot, now) as box:
        _files(data, city, box, now)
        ids = _letters(city, box, now)
        first = [_who(city.named[key]).address for key in ("supervisor", "clerk", "head")]
        attacks.keep(box, snapshot, first, now)
    _hear(data, now)
    _answer(city, ids, now)
    return box.kept


def _acquaintances(data: Path) -> None:
    """Whom the month's mail has made known: the learning job finds them in it, too, some seconds after it has begun."""
    known = [correspondents.number_of(person.address) for person in (*people.residents(), *people.vendors())]
    correspondents.write(data, Correspondents().merged_with(known, ()))


# -- files: one that nobody has answered, one that was approved, two that wait, one of the head's own; two departments


def _switch(city: Staff, now: int) -> None:
    author, then = in_role(city.named["policy-author"], "policy-author", now), now - 10 * DAY_MS
    publish_rules.adopt(then)
    switch_approval.switch_on(city.departments["works"], 64, actor=author, reason=_SWITCH, now=then)
    switch_approval.switch_on(city.departments["police"], 460, actor=author, reason=_MANY, now=then)
    for department in Department.objects.filter(pk__in=approval_switches.undecided_departments()):
        switch_approval.decide_off(department, actor=author, reason=_NOT, now=then)
    head = actor(city.named["head"], now)
    agenda = standing_approvals.FileScope(series="agenda-*.pdf", domain="cranes.example")
    standing_approvals.allow(
        city.departments["works"], agenda, now + 90 * DAY_MS, actor=head, reason="The agenda of each week is public.", now=now
    )


def _files(data: Path, city: Staff, box: Letterbox, now: int) -> None:
    clerk, supervisor, head = (_who(city.named[key]) for key in ("clerk", "supervisor", "head"))
    late, *others = letters_to_answer.leaving(clerk, supervisor, _who(city.six("works")[5]), head)
    box.keep(late, now - 8 * DAY_MS)
    _hear(data, now - 8 * DAY_MS)
    approval_requests.sweep(now)
    for n, letter in enumerate(others):
        box.keep(letter, now - 150 * 60_000 + n * 20 * 60_000)
    _hear(data, now)
    approved = Approval.objects.filter(copies__address=letters_to_answer.CRANES, own=False).first()
    if approved is not None:  # nothing waits where nothing is looked for in mail
        approval_decisions.decide(
            approved, [0], "approve", actor=actor(city.named["head"], now), reason="It is theirs to build.", now=now
        )


def _hear(data: Path, now: int) -> None:
    """Do what the worker does all the time."""
    hearing = HoldingConsumer()
    tail = Tail(data, hearing.positions, bodies=False)
    while records := tail.poll():
        for record in records:
            hearing.hear(record)
    hearing.positions.update(tail.positions)
    hearing.write(now)


# -- what came and what left in these days


def _letters(city: Staff, box: Letterbox, now: int) -> dict[str, bytes]:
    """The capture ids of messages that need an action."""
    clerk, mayor, supervisor = (_who(city.named[key]) for key in ("clerk", "mayor", "supervisor"))
    readers = tuple(_who(person) for person in (*city.team["works"][:6], *city.team["finance"][:4], *city.team["law"][:2]))
    box.keep(letters_to_answer.secure(clerk), now - 30 * 60_000)
    box.keep(letters_to_answer.campaign(_who(city.team["works"][9])), now - 26 * HOUR)
    box.keep(letters_to_answer.meeting(supervisor, clerk, f"{from_ms(now) + timedelta(days=3):%Y%m%d}"), now - 3 * HOUR)
    box.keep(letters_to_answer.first_file(clerk), now - 2 * HOUR)
    for n, letter in enumerate(letters_to_answer.stolen(_who(city.team["finance"][7]))):
        box.keep(letter, now - HOUR + n * 15_000)
    kept: dict[str, tuple[Letter, int]] = {
        "phish": (letters_to_answer.phish(readers), now - 5 * HOUR),
        "bill": (letters_to_answer.bill(clerk), now - 30 * HOUR),
        "favor": (letters_to_answer.favor(mayor, clerk), now - 4 * HOUR),
    }
    ids = {name: box.keep(letter, at) for name, (letter, at) in kept.items()}
    return {name: id_ for name, id_ in ids.items() if id_ is not None}


def _who(person: Person) -> Who:
    return Who(person.uid, person.display, senders.address_of(person))


# -- what people have done about it


def _answer(city: Staff, ids: dict[str, bytes], now: int) -> None:
    clerk = actor(city.named["clerk"], now)
    if "phish" in ids:
        reporters = [city.named["clerk"], city.named["deputy"], city.team["finance"][2]]
        _report(ids["phish"], reporters, now)
        for person in (*reporters, city.named["supervisor"]):
            mark_mail.set_read([ids["phish"]], {}, read=True, actor=actor(person, now), now=now)
    if "bill" in ids:
        _report(ids["bill"], [city.named["clerk"]], now - 29 * HOUR)
        officer = in_role(city.named["security-officer"], "security-officer", now)
        case = Case.objects.get(capture=str(uuid.UUID(bytes=ids["bill"])))
        case_answers.answer(case, "genuine", actor=officer, reason="Accounts has called them: the address is theirs.", now=now)
    if "favor" in ids:
        mayor = _who(city.named["mayor"])
        sender_verification.ask(
            uuid.UUID(bytes=ids["favor"]), now - 4 * HOUR, letters_to_answer.PRETENDER, Channel(mayor.address, True, mayor.name),
            asker=city.named["clerk"], actor=clerk, reason="asked on the page", now=now - 3 * HOUR,
        )  # fmt: skip
    _contest(clerk, now)
    _close(city, now)
    written, file = letters_to_answer.draft(_who(city.named["clerk"]))
    attached = [NewFile(file.name, file.content, "pdf")]
    draft = edit_drafts.save(uuid.uuid4(), written, version=0, actor=clerk, now=now, max_bytes=MAX_DRAFT_BYTES, files=attached)
    preapproval.request_preapproval(draft, actor=clerk, explanation="The council wants it before Friday.", now=now)
    containment.publish()


def _report(id_: bytes, reporters: Sequence[Person], now: int) -> None:
    marks = incidents.marks_of(id_)
    assert marks is not None, "it was kept a moment ago"
    for person in reporters:
        reporting.report(str(uuid.UUID(bytes=id_)), marks, person, "page", actor=actor(person, now), now=now)


def _contest(clerk: Actor, now: int) -> None:
    """One reader requests a release, one sender appeals."""
    kept = queries.copies(now)
    box = Mailbox.objects.get(holder__uid=clerk.uid, kind="personal").address
    program = next((c for c in kept if c.box.lower() == box and "executable" in c.rules), None)
    if program is not None:
        release_requests.request_release(
            [program], actor=clerk, reason="The firm that keeps our meters sends its readings like this.", now=now
        )
    for copy in kept:
        number = uuid.UUID(bytes=copy.id)
        if copy is not program and copy.door == "mx" and (decided := queries.decision(number)) is not None:
            text = "It was the offer that your office had asked for, from the address that we have always used."
            appeals.appeal(number, decided, text, "heron@shop.example", client="198.51.100.4", now=now)
            return


def _close(city: Staff, now: int) -> None:
    """Close a leaver's account: the worker counts it, then the department decides."""
    head = city.team["police"][0]
    left = Mailbox.objects.get(holder=city.team["police"][-1], kind="personal")
    account_closure.ask(left, actor=actor(head, now), reason="Nobody needs what lies in it any more.", now=now)


# -- rules on their way: one acts in one department since yesterday, one waits for a second person


def _rules(city: Staff, now: int) -> None:
    author = in_role(city.named["policy-author"], "policy-author", now)
    approver = in_role(city.named["policy-approver"], "policy-approver", now)
    texts = rule_text.starter()
    first = texts["first-file"].replace('mode = "shadow"', 'mode = "enforce"')
    first = first.replace("&& !recipient.invites", '&& !recipient.invites && recipient.department == "works"')
    first = first.replace("{ inbound = true", '{ recipient.department = "works", inbound = true')
    at = now - DAY_MS
    draft = rules.draft(first, "It acts, in Public Works alone.", after=1, actor=author, now=at)
    tested = rules.test(draft, actor=author, now=at)
    proposed = rules.propose(tested, "Two weeks in shadow: three files a day would wait.", actor=author, now=at)
    rule_decisions.approve(proposed, actor=approver, reason="Three a day can be asked about.", now=at)
    picture = texts["code-picture"].replace('mode = "shadow"', 'mode = "enforce"')
    draft = rules.draft(picture, "It acts.", after=1, actor=author, now=now)
    rules.propose(rules.test(draft, actor=author, now=now), "In the last week it was right each time.", actor=author, now=now)
