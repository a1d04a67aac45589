"""Every act that the guard knows, who may do it, and its clause. The one table; pages, API, CLI and tests read it. Pure.

A rule answers with the empty string for yes, else with the sentence that the person hears. What is not in the table nobody may do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from civicmail.city.access.actors import Actor
from civicmail.city.access.duties import DUTIES, Duty
from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _


@dataclass(frozen=True, slots=True)
class About:
    """What an act is done to, as far as the rules ask: the owning department's code and the people concerned (uids). holder: of the
    mailbox that it is about; sponsor: of the contract under which the person is here."""

    department: str = ""
    person: str = ""
    requester: str = ""
    id: str = ""
    holder: str = ""
    sponsor: str = ""


_OFFICE = _("the access office")
Rule = Callable[[Actor, About, int], str]


@dataclass(frozen=True, slots=True)
class Act:
    """clause: what it serves; ask: whom to ask who may not; before_admission: also for who still has to acknowledge."""

    rule: Rule
    clause: str
    ask: str = _OFFICE
    before_admission: bool = False


def _anybody(_actor: Actor, _about: About, _now: int) -> str:
    return ""


def _signed_in(actor: Actor, _about: About, _now: int) -> str:
    return "" if actor.uid and not actor.machine else _("Sign in first.")


def _own(actor: Actor, about: About, now: int) -> str:
    return _signed_in(actor, about, now) or ("" if about.person in ("", actor.uid) else _("This belongs to somebody else."))


def _decides(actor: Actor, about: About, now: int) -> str:
    if said := _signed_in(actor, about, now):
        return said
    return "" if actor.decides_for(about.department) else _("Only the department's head, a deputy or an authoriser decides this.")


def _answers_request(actor: Actor, about: About, now: int) -> str:
    """Requester, approver and holder are three people (M3)."""
    if said := _decides(actor, about, now):
        return said
    if actor.uid == about.person:
        return _("Nobody approves access for themselves.")
    return _("Who asked does not approve.") if actor.uid == about.requester else ""


def _answers_higher(actor: Actor, about: About, now: int) -> str:
    """One level higher: department is the one above (C4)."""
    if said := _signed_in(actor, about, now):
        return said
    if actor.uid == about.person:
        return _("Nobody approves access for themselves.")
    if actor.uid == about.requester:
        return _("Who asked does not approve.")
    if actor.holds("access-officer") or (about.department and actor.decides_for(about.department)):
        return ""
    return _("After a violation, the next head up or the access office decides.")


def _records(actor: Actor, about: About, now: int) -> str:
    """Sponsor, authoriser or access officer (P-09)."""
    if said := _signed_in(actor, about, now):
        return said
    if actor.uid == about.person:
        return _("Nobody does this to themselves.")
    sponsors = about.sponsor != "" and actor.uid == about.sponsor
    if sponsors or actor.decides_for(about.department) or actor.holds("access-officer"):
        return ""
    return _("Only the sponsor of the contract, the department or the access office records this.")


def _asks_for(actor: Actor, about: About, now: int) -> str:
    if said := _signed_in(actor, about, now):
        return said
    if about.person == actor.uid:
        return _("Your supervisor asks for your access.")
    if about.person in actor.supervises or actor.decides_for(about.department) or actor.holds("access-officer"):
        return ""
    return _("Only a supervisor, the department or the access office asks for somebody's access.")


def _asks_for_grant(actor: Actor, about: About, now: int) -> str:
    """The holder of a mailbox may ask for a delegate, too."""
    return "" if actor.uid and about.holder == actor.uid != about.person else _asks_for(actor, about, now)


def _either(duties: tuple[Duty, ...]) -> Sentence:
    said = DUTIES[duties[0]].name.lower()
    for duty in duties[1:]:
        said = _("{one} or {other}", one=said, other=DUTIES[duty].name.lower())
    return said


def _duty(*wanted: Duty) -> Rule:
    """One of these duties is held; a privileged one must be taken up (D4)."""

    def rule(actor: Actor, about: About, now: int) -> str:
        if said := _signed_in(actor, about, now):
            return said
        held = [d for d in wanted if actor.holds(d, about.department)]
        if not held:
            return _("This needs the duty {duty}.", duty=_either(wanted))
        if all(DUTIES[d].privileged and not actor.has_taken_up(d, now) for d in held):
            return _("Take up the duty {duty} first, with a reason.", duty=DUTIES[held[0]].name.lower())
        return ""

    return rule


def _one_of(*rules: Rule) -> Rule:
    """Allowed when any of the rules allows; the first one's sentence otherwise."""

    def rule(actor: Actor, about: About, now: int) -> str:
        said = [r(actor, about, now) for r in rules]
        return "" if "" in said else said[0]

    return rule


def _not_for_oneself(inner: Rule) -> Rule:
    def rule(actor: Actor, about: About, now: int) -> str:
        if said := inner(actor, about, now):
            return said
        return _("Nobody does this to themselves.") if actor.uid == about.person else ""

    return rule


def _holds(actor: Actor, about: About, now: int) -> str:
    """The holder of the mailbox that it is about."""
    return _signed_in(actor, about, now) or ("" if about.person == actor.uid else _("This is somebody else's mailbox."))


def _answers_for(actor: Actor, about: About, _now: int) -> str:
    """Whoever answers for a door that is not ours: the holder that it is about."""
    return "" if actor.uid and actor.uid == about.holder else _("Only who answers for this door, or the access office, does this.")


def _heads(actor: Actor, about: About, now: int) -> str:
    """Head or deputy, by office (P-16: departmental management)."""
    return _signed_in(actor, about, now) or (
        "" if actor.departments else _("Only the head of a department, or a deputy, does this.")
    )


def _leads(actor: Actor, about: About, now: int) -> str:
    """Head or deputy of this very department, by office: an authoriser by duty does not answer for it (P-28)."""
    return _signed_in(actor, about, now) or (
        "" if about.department in actor.departments else _("Only the head of the department, or a deputy, does this.")
    )


def _not_the_author(inner: Rule) -> Rule:
    """A second person decides about a rule (P-29)."""

    def rule(actor: Actor, about: About, now: int) -> str:
        if said := inner(actor, about, now):
            return said
        return _("Who wrote a rule does not approve it.") if actor.uid == about.person else ""

    return rule


def _not_the_reviewer(inner: Rule) -> Rule:
    """A second person looks at a finding (P-12)."""

    def rule(actor: Actor, about: About, now: int) -> str:
        if said := inner(actor, about, now):
            return said
        return _("Who looked first is not the second reviewer.") if actor.uid == about.person else ""

    return rule


def _not_the_asker(inner: Rule) -> Rule:
    """A second person agrees to pull mail back out of many mailboxes (P-31)."""

    def rule(actor: Actor, about: About, now: int) -> str:
        if said := inner(actor, about, now):
            return said
        return _("Who wants to take copies back is not the second person.") if actor.uid == about.person else ""

    return rule


def _asked_in_review(actor: Actor, about: About, now: int) -> str:
    """Whoever is asked at this moment: about.holder, whom the review names (R7, R10)."""
    return _signed_in(actor, about, now) or ("" if about.holder == actor.uid else _("This is asked of somebody else."))


def _answers_review(actor: Actor, about: About, now: int) -> str:
    """Nobody about their own access, nor about what they alone granted (R6): about.requester."""
    if said := _asked_in_review(actor, about, now):
        return said
    if actor.uid == about.person:
        return _("Nobody decides about their own access.")
    return _("Whoever granted it alone does not review it.") if actor.uid == about.requester else ""


def _not_the_first(inner: Rule) -> Rule:
    """A second officer: not who began it, nor whom it is about (V3)."""

    def rule(actor: Actor, about: About, now: int) -> str:
        if said := inner(actor, about, now):
            return said
        if actor.uid == about.person:
            return _("Nobody does this to themselves.")
        return _("It takes two: somebody else answers.") if actor.uid == about.requester else ""

    return rule


def _by_mandate(actor: Actor, about: About, now: int) -> str:
    """Whoever could have asked for one; which one, and how far, is for guard.permit_under (E2)."""
    if said := _looks(actor, about, now):
        return said
    return "" if about.person in ("", actor.uid) else _("This is somebody else's mandate.")


def _feeds(actor: Actor, _about: About, _now: int) -> str:
    """What a personnel system says by itself; nobody signs in as one."""
    return "" if actor.machine and actor.uid.startswith("feed:") else "Only a personnel system does this."


def _approves_files(actor: Actor, about: About, now: int) -> str:
    """The head or a deputy of the sender's department, or of one above it; of the sender's own files the sender alone, where nobody
    is above them in this: about.holder (P-22)."""
    if said := _signed_in(actor, about, now):
        return said
    if actor.uid == about.person:
        return "" if about.holder == actor.uid else _("Nobody approves files that they send themselves.")
    if about.department and about.department in actor.departments:
        return ""
    return _("Only the head or a deputy of the sender's department, or the next head up, decides about files.")


_office = _duty("access-officer")
_looks = _one_of(_duty("examiner", "records-officer", "city-attorney"), _office, _heads)
_second = _duty("examination-approver")
_approves = _duty("policy-approver", "policy-author")
_rules = _one_of(_approves, _duty("security-officer"))
_reviews = _duty("use-reviewer")
_department_or_office = _one_of(_decides, _office)

ACTS: dict[str, Act] = {
    "statement.sign": Act(_leads, "P-28", _("the department's head")),
    "statement.see": Act(
        _one_of(_department_or_office, _duty("auditor"), _duty("administration-director")), "P-28", _("the department's head")
    ),
    "statements.see": Act(_one_of(_office, _duty("auditor"), _duty("administration-director")), "P-28"),
    "home": Act(_signed_in, "P-06", before_admission=True),
    "policy.read": Act(_anybody, "P-18", before_admission=True),
    "policy.acknowledge": Act(_own, "P-18", before_admission=True),
    "policy.paper": Act(_not_for_oneself(_department_or_office), "P-18"),
    "policy.publish": Act(_office, "P-18"),
    "my.access": Act(_own, "P-04", before_admission=True),
    "my.devices": Act(_own, "P-07"),
    "my.sessions": Act(_own, "P-07", before_admission=True),
    "my.duties": Act(_own, "P-16"),
    "my.views": Act(_own, "P-06"),
    "request.ask": Act(_asks_for, "P-04", _("your supervisor")),
    "request.see": Act(_one_of(_asks_for, _department_or_office, _own), "P-04"),
    "request.decide": Act(_answers_request, "P-04", _("the department's head")),
    "request.withdraw": Act(_asks_for, "P-04"),
    "roster.see": Act(_one_of(_department_or_office, _duty("auditor")), "P-08", _("the department's head")),
    "roster.authorise": Act(_decides, "P-04", _("the department's head")),
    "profile.write": Act(_decides, "P-04", _("the department's head")),
    "personal-use.set": Act(_decides, "P-10", _("the department's head")),
    "access.suspend": Act(_not_for_oneself(_department_or_office), "P-04"),
    "access.resume": Act(_not_for_oneself(_department_or_office), "P-04"),
    "access.end": Act(_not_for_oneself(_department_or_office), "P-08"),
    "reply.set": Act(_one_of(_holds, _department_or_office), "P-06", _("the department's head")),
    "leaver.answer": Act(_not_for_oneself(_decides), "P-08", _("the department's head")),
    "account.close": Act(_not_for_oneself(_decides), "P-08", _("the department's head")),
    "account.closed": Act(_one_of(_department_or_office, _duty("auditor")), "P-08", _("the department's head")),
    "reconcile.see": Act(_one_of(_office, _duty("auditor")), "P-08"),
    "outside.see": Act(_one_of(_office, _duty("auditor")), "P-08"),
    "outside.change": Act(_office, "P-08"),
    "outside.of-person": Act(_one_of(_department_or_office, _duty("auditor")), "P-08", _("the department's head")),
    "outside.give": Act(_department_or_office, "P-08", _("the department's head")),
    "outside.confirm": Act(_not_for_oneself(_one_of(_answers_for, _office)), "P-08"),
    "left.forward": Act(_decides, "P-08", _("the department's head")),
    "request.decide-higher": Act(_answers_higher, "P-09", _("the next head up or the access office")),
    "bar.ask-end": Act(_not_for_oneself(_office), "P-30"),
    "bar.end": Act(_not_the_first(_one_of(_office, _duty("city-attorney"))), "P-30"),
    "undertaking.record": Act(_office, "P-09"),
    "undertaking.give": Act(_signed_in, "P-09", before_admission=True),
    "violation.report": Act(_signed_in, "P-30"),
    "violation.record": Act(_records, "P-09", _("the sponsor of the contract")),
    "violation.see": Act(_one_of(_department_or_office, _duty("auditor")), "P-30", _("the department's head")),
    "violation.find": Act(_not_for_oneself(_department_or_office), "P-30", _("the department's head")),
    "violation.decide": Act(_not_for_oneself(_department_or_office), "P-30", _("the department's head")),
    "violation.second": Act(_not_the_first(_office), "P-30"),
    "violation.hear": Act(_not_for_oneself(_department_or_office), "P-30"),
    "violation.reverse": Act(_not_the_first(_department_or_office), "P-09"),
    "violations.see": Act(_one_of(_office, _duty("auditor")), "P-30"),
    "violation.name": Act(_office, "P-30"),
    "my.violations": Act(_own, "P-30", before_admission=True),
    "grant.ask": Act(_asks_for_grant, "P-07", _("your supervisor")),
    "department.change": Act(_office, "P-04"),
    "agency.see": Act(_one_of(_office, _duty("auditor")), "P-09"),
    "agency.change": Act(_office, "P-09"),
    "agency.suspend": Act(_office, "P-09"),
    "person.change": Act(_not_for_oneself(_department_or_office), "P-08"),
    "mailbox.see": Act(_one_of(_department_or_office, _duty("auditor"), _holds), "P-08", _("the department's head")),
    "mailbox.make": Act(_department_or_office, "P-04"),
    "mailbox.close": Act(_department_or_office, "P-08"),
    "mailbox.invite": Act(_department_or_office, "P-25", _("the department's head")),
    "address.change": Act(_department_or_office, "P-08"),
    "machine.make": Act(_department_or_office, "P-07"),
    "group.change": Act(_department_or_office, "P-06"),
    "feed.run": Act(_office, "P-08"),
    "feed.apply": Act(_office, "P-08"),
    "feed.pull": Act(_one_of(_office, _feeds), "P-08"),
    "feed.take": Act(_feeds, "P-08"),
    "feed.map": Act(_office, "P-08"),
    "feed.key": Act(_office, "P-08"),
    "review.see": Act(_one_of(_asked_in_review, _department_or_office, _duty("auditor")), "P-05", _("the department's head")),
    "review.decide": Act(_answers_review, "P-05", _("the department's head")),
    "review.delegate": Act(_asked_in_review, "P-05", _("the department's head")),
    "reviews.see": Act(_one_of(_office, _duty("auditor")), "P-05"),
    "review.run": Act(_office, "P-05"),
    "duty.see": Act(_one_of(_office, _duty("auditor")), "P-16"),
    "duty.grant": Act(_not_for_oneself(_office), "P-16"),
    "duty.end": Act(_office, "P-16"),
    "duty.record-conflict": Act(_not_for_oneself(_office), "P-16"),
    "duty.take-up": Act(_own, "P-16"),
    "account.unlock": Act(_not_for_oneself(_office), "P-07"),
    "account.invite": Act(_not_for_oneself(_department_or_office), "P-07"),
    "account.recover": Act(_not_for_oneself(_office), "P-07"),
    "entries.see": Act(_one_of(_duty("auditor"), _office), "P-16"),
    "my.mail": Act(_own, "P-06"),
    "my.write": Act(_own, "P-06"),
    "my.viewings": Act(_own, "P-16", before_admission=True),
    "mandate.ask": Act(_by_mandate, "P-16"),
    "mandate.see": Act(_one_of(_by_mandate, _second, _duty("auditor")), "P-16"),
    "mandate.approve": Act(_not_for_oneself(_second), "P-16", _("an examination approver")),
    "mandate.ratify": Act(_not_for_oneself(_second), "P-16", _("an examination approver")),
    "protection.see": Act(_one_of(_office, _duty("auditor")), "P-16"),
    "mandate.protect": Act(_office, "P-16"),
    "content.list": Act(_by_mandate, "P-16"),
    "content.show": Act(_by_mandate, "P-16"),
    "content.attachment": Act(_by_mandate, "P-16"),
    "content.print": Act(_by_mandate, "P-16"),
    "content.export": Act(_by_mandate, "P-16"),
    "content.hold": Act(_by_mandate, "P-20"),
    "content.reveal": Act(_duty("system-administrator"), "P-17"),
    "content.accident": Act(_signed_in, "P-17"),
    "retention.hold": Act(_duty("retention-officer", "records-officer"), "P-20"),
    "retention.see": Act(_duty("retention-officer", "records-officer", "auditor"), "P-20"),
    "retention.schedule": Act(_duty("retention-officer"), "P-20"),
    "retention.promote": Act(_duty("retention-officer", "records-officer"), "P-20"),
    "retention.dispose": Act(_duty("retention-officer"), "P-20"),
    "viewings.see": Act(_one_of(_duty("auditor"), _duty("system-administrator")), "P-16"),
    "viewings.mark": Act(_not_for_oneself(_duty("auditor")), "P-17"),
    "rules.see": Act(_one_of(_rules, _duty("auditor"), _heads), "P-29", _("a policy author")),
    "rule.write": Act(_duty("policy-author"), "P-29", _("a policy author")),
    "rule.decide": Act(_not_the_author(_approves), "P-29", _("a policy approver")),
    "rule.replay": Act(_rules, "P-29", _("a policy author")),
    "emergency.make": Act(_duty("security-officer"), "P-25", _("a security officer")),
    "emergency.decide": Act(_not_the_author(_rules), "P-25", _("a policy approver")),
    "matrix.see": Act(_one_of(_rules, _duty("auditor"), _duty("system-administrator")), "P-29", _("a policy author")),
    "quarantine.see": Act(_duty("security-officer", "system-administrator"), "P-25", _("a security officer")),
    "quarantine.release": Act(_duty("security-officer"), "P-25", _("a security officer")),
    "releases.see": Act(_duty("security-officer", "privacy-officer"), "P-25", _("a security officer")),
    "release.answer": Act(_not_for_oneself(_duty("security-officer")), "P-25", _("a security officer")),
    "release.agree": Act(_not_for_oneself(_duty("security-officer")), "P-25", _("a security officer")),
    "release.second": Act(_not_the_first(_duty("security-officer")), "P-25", _("another security officer")),
    "release.confidential": Act(_not_for_oneself(_duty("privacy-officer")), "P-19", _("a privacy officer")),
    "containment.see": Act(_duty("security-officer"), "P-25", _("a security officer")),
    "containment.lock": Act(_not_for_oneself(_duty("security-officer")), "P-25", _("a security officer")),
    "containment.release": Act(_not_for_oneself(_duty("security-officer")), "P-25", _("a security officer")),
    "approvals.see": Act(_one_of(_heads, _duty("auditor")), "P-22", _("your department's head")),
    "approval.answer": Act(_approves_files, "P-22", _("the department's head")),
    "approval.look": Act(_heads, "P-22", _("the department's head")),
    "approval.sample": Act(_not_for_oneself(_approves_files), "P-22", _("the next head up")),
    "approval.withdraw": Act(_own, "P-22"),
    "my.approvals": Act(_own, "P-22"),
    "approval.standing": Act(_leads, "P-22", _("the department's head")),
    "approval.switch": Act(_approves, "P-22", _("a policy author")),
    "approval.agree": Act(_leads, "P-22", _("the department's head")),
    "reports.see": Act(_duty("security-officer"), "P-31", _("a security officer")),
    "report.read": Act(_duty("security-officer"), "P-31", _("a security officer")),
    "report.answer": Act(_duty("security-officer"), "P-31", _("a security officer")),
    "pull.ask": Act(_duty("security-officer"), "P-31", _("a security officer")),
    "pull.second": Act(_not_the_asker(_duty("security-officer")), "P-31", _("another security officer")),
    "pull.undo": Act(_duty("security-officer"), "P-31", _("a security officer")),
    "sender.verify": Act(_own, "P-27"),
    "plain.see": Act(_duty("privacy-officer", "auditor"), "P-19", _("a privacy officer")),
    "contests.see": Act(_rules, "P-29", _("a policy approver")),
    "contest.answer": Act(_one_of(_approves, _duty("security-officer")), "P-29", _("a policy approver")),
    "findings.see": Act(_reviews, "P-12", _("a use reviewer")),
    "finding.answer": Act(_reviews, "P-12", _("a use reviewer")),
    "finding.second": Act(_not_the_reviewer(_reviews), "P-12", _("another use reviewer")),
    "finding.hand-over": Act(_reviews, "P-12", _("a use reviewer")),
    "health.see": Act(_one_of(_duty("system-administrator"), _duty("auditor")), "P-17"),
    "system.see": Act(_duty("system-administrator"), "P-17"),
    "queue.act": Act(_duty("system-administrator"), "P-17"),
    "dns.reports": Act(_duty("system-administrator"), "P-26"),
    "spam.teach": Act(_duty("system-administrator"), "P-02"),
    "mail.import": Act(_duty("system-administrator", "records-officer"), "P-15"),
    "keys.rotate": Act(_office, "P-17"),
    "keys.sign": Act(_duty("system-administrator"), "P-26"),
    "department.mode": Act(_one_of(_office, _duty("system-administrator")), "P-06"),
}
"""The keys are names of acts: what entries, the sweep and requirement rows cite."""

UNDER_A_MANDATE = frozenset({f"content.{what}" for what in ("list", "show", "attachment", "print", "export", "hold")})
"""Acts on other people's mail: no case, no body (E2)."""
