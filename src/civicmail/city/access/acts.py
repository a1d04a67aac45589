"""Every act that the guard knows, who may do it, and its clause. The one table; pages, API, CLI and tests read it. Pure.

What is not in the table nobody may do.
"""

from __future__ import annotations

from dataclasses import dataclass

from civicmail.city.access.resources import (
    AccountElsewhere,
    Decision,
    DepartmentCase,
    Files,
    GrantOn,
    InDepartment,
    MailboxIn,
    OfPerson,
    OwnCase,
    PartOfReview,
    PersonCase,
    PersonIn,
    Resource,
    ReviewedRight,
    Work,
)
from civicmail.city.access.whomay import (
    Rule,
    answers_for,
    answers_higher,
    answers_request,
    answers_review,
    anybody,
    approves,
    approves_files,
    asked_in_review,
    asks_for,
    asks_for_grant,
    by_mandate,
    decides,
    department_or_office,
    duty,
    feeds,
    heads,
    holds,
    leads,
    looks_at_files,
    not_for_oneself,
    office,
    one_of,
    own,
    records,
    reviews,
    second,
    sends,
    signed_in,
    writes_rules,
)
from civicmail.core.config.sentence import sentence as _

_OFFICE = _("the access office")
_ASKED = _("Who asked does not approve.")
_ELSEWHERE = _("Somebody else decides about this one: a second person who is outside of every line that it touches.")
_GRANTED = _("Whoever granted it alone does not review it.")
_LOOKED = _("Nobody does this to themselves.")
_REVIEWED = _("Who looked first is not the second reviewer.")
_SENT = _("Nobody approves files that they send themselves.")
_TOOK_BACK = _("Who wants to take copies back is not the second person.")
_TWO = _("It takes two: somebody else answers.")
_WROTE_PROFILE = _("Whoever wrote the reasons asks; somebody else authorises.")
_WROTE_RULE = _("Who wrote a rule does not approve it.")


@dataclass(frozen=True, slots=True)
class Act:
    """clause: what it serves; ask: whom to ask who may not; before_admission: also for who still has to acknowledge; second: of an
    act that takes two people, what whoever did another half hears (foureyes.py); alone: of such an act, that no second person is
    only whoever could have been both alone: by it a sign-in comes to be opened by two; of: what it is done to."""

    rule: Rule
    clause: str
    ask: str = _OFFICE
    before_admission: bool = False
    second: str = ""
    alone: bool = False
    of: type[Resource] = Resource


ACTS: dict[str, Act] = {
    "statement.sign": Act(leads, "P-28", _("the department's head"), of=InDepartment),
    "statement.see": Act(
        one_of(department_or_office, duty("auditor"), duty("administration-director")), "P-28", _("the department's head")
    ),
    "statements.see": Act(one_of(office, duty("auditor"), duty("administration-director")), "P-28"),
    "home": Act(signed_in, "P-06", before_admission=True),
    "policy.read": Act(anybody, "P-18", before_admission=True),
    "policy.acknowledge": Act(own, "P-18", before_admission=True, of=OfPerson),
    "policy.paper": Act(not_for_oneself(department_or_office), "P-18", of=PersonIn),
    "policy.publish": Act(office, "P-18"),
    "my.access": Act(own, "P-04", before_admission=True, of=OfPerson),
    "my.devices": Act(own, "P-07", of=OfPerson),
    "my.sessions": Act(own, "P-07", before_admission=True, of=OfPerson),
    "my.duties": Act(own, "P-16", of=OfPerson),
    "my.sponsored": Act(own, "P-09", of=OfPerson),
    "my.views": Act(own, "P-06", of=OfPerson),
    "request.ask": Act(asks_for, "P-04", _("your supervisor"), of=PersonIn),
    "request.see": Act(one_of(asks_for, department_or_office, own, duty("auditor")), "P-04"),
    "request.decide": Act(answers_request, "P-04", _("the department's head"), second=_ASKED, of=PersonCase),
    "request.withdraw": Act(asks_for, "P-04", of=PersonIn),
    "roster.see": Act(one_of(department_or_office, duty("auditor")), "P-08", _("the department's head")),
    "roster.authorise": Act(decides, "P-04", _("the department's head"), second=_WROTE_PROFILE, of=DepartmentCase),
    "profile.write": Act(decides, "P-04", _("the department's head"), of=InDepartment),
    "personal-use.set": Act(decides, "P-10", _("the department's head"), of=InDepartment),
    "access.suspend": Act(not_for_oneself(department_or_office), "P-04", of=PersonIn),
    "access.resume": Act(not_for_oneself(department_or_office), "P-04", of=PersonIn),
    "access.end": Act(not_for_oneself(department_or_office), "P-08", of=PersonIn),
    "reply.set": Act(one_of(holds, sends, department_or_office), "P-06", _("the department's head"), of=MailboxIn),
    "leaver.answer": Act(not_for_oneself(decides), "P-08", _("the department's head"), of=PersonIn),
    "account.close": Act(not_for_oneself(decides), "P-08", _("the department's head"), of=PersonIn),
    "account.closed": Act(one_of(department_or_office, duty("auditor")), "P-08", _("the department's head")),
    "reconcile.see": Act(one_of(office, duty("auditor")), "P-08"),
    "outside.see": Act(one_of(office, duty("auditor")), "P-08"),
    "outside.change": Act(office, "P-08"),
    "outside.of-person": Act(one_of(department_or_office, duty("auditor")), "P-08", _("the department's head")),
    "outside.give": Act(department_or_office, "P-08", _("the department's head"), of=PersonIn),
    "outside.confirm": Act(not_for_oneself(one_of(answers_for, office)), "P-08", of=AccountElsewhere),
    "left.forward": Act(decides, "P-08", _("the department's head"), of=MailboxIn),
    "request.decide-higher": Act(answers_higher, "P-09", _("the next head up or the access office"), second=_ASKED, of=PersonCase),
    "bar.ask-end": Act(not_for_oneself(office), "P-30", of=OfPerson),
    "bar.end": Act(not_for_oneself(one_of(office, duty("city-attorney"))), "P-30", second=_TWO, of=PersonCase),
    "undertaking.record": Act(office, "P-09"),
    "undertaking.give": Act(signed_in, "P-09", before_admission=True),
    "violation.report": Act(signed_in, "P-30"),
    "violation.record": Act(records, "P-09", _("the sponsor of the contract"), of=Work),
    "violation.see": Act(one_of(department_or_office, duty("auditor")), "P-30", _("the department's head")),
    "violation.find": Act(not_for_oneself(department_or_office), "P-30", _("the department's head"), of=PersonCase),
    "violation.decide": Act(not_for_oneself(department_or_office), "P-30", _("the department's head"), of=PersonCase),
    "violation.second": Act(not_for_oneself(office), "P-30", second=_TWO, of=PersonCase),
    "violation.hear": Act(not_for_oneself(department_or_office), "P-30", of=PersonCase),
    "violation.reverse": Act(not_for_oneself(department_or_office), "P-09", second=_TWO, of=PersonCase),
    "violations.see": Act(one_of(office, duty("auditor")), "P-30"),
    "violation.name": Act(office, "P-30"),
    "my.violations": Act(own, "P-30", before_admission=True, of=OfPerson),
    "grant.ask": Act(asks_for_grant, "P-07", _("your supervisor"), of=GrantOn),
    "department.change": Act(office, "P-04"),
    "agency.see": Act(one_of(office, duty("auditor")), "P-09"),
    "agency.change": Act(office, "P-09"),
    "agency.suspend": Act(office, "P-09"),
    "person.change": Act(not_for_oneself(department_or_office), "P-08", of=PersonIn),
    "mailbox.see": Act(one_of(department_or_office, duty("auditor"), holds), "P-08", _("the department's head")),
    "mailbox.make": Act(department_or_office, "P-04", of=InDepartment),
    "mailbox.close": Act(department_or_office, "P-08", of=MailboxIn),
    "mailbox.invite": Act(department_or_office, "P-25", _("the department's head"), of=MailboxIn),
    "address.change": Act(department_or_office, "P-08", of=MailboxIn),
    "machine.make": Act(department_or_office, "P-07", of=InDepartment),
    "group.change": Act(department_or_office, "P-06"),
    "feed.run": Act(office, "P-08"),
    "feed.apply": Act(office, "P-08"),
    "feed.pull": Act(one_of(office, feeds), "P-08"),
    "feed.take": Act(feeds, "P-08"),
    "feed.map": Act(office, "P-08"),
    "feed.key": Act(office, "P-08"),
    "review.see": Act(one_of(asked_in_review, department_or_office, duty("auditor")), "P-05", _("the department's head")),
    "review.decide": Act(answers_review, "P-05", _("the department's head"), second=_GRANTED, of=ReviewedRight),
    "review.delegate": Act(asked_in_review, "P-05", _("the department's head"), of=PartOfReview),
    "reviews.see": Act(one_of(office, duty("auditor")), "P-05"),
    "review.run": Act(office, "P-05"),
    "duty.see": Act(one_of(office, duty("auditor")), "P-16"),
    "duty.grant": Act(not_for_oneself(office), "P-16", of=OfPerson),
    "duty.end": Act(office, "P-16"),
    "duty.record-conflict": Act(not_for_oneself(office), "P-16", of=OfPerson),
    "duty.take-up": Act(own, "P-16", of=OfPerson),
    "account.unlock": Act(not_for_oneself(office), "P-07", of=OfPerson),
    "account.invite": Act(not_for_oneself(department_or_office), "P-07", of=PersonIn),
    "account.hand-over": Act(
        not_for_oneself(department_or_office), "P-07", _("the department's head"), second=_TWO, alone=True, of=PersonCase
    ),
    "account.recover": Act(not_for_oneself(office), "P-07", of=OfPerson),
    "entries.see": Act(one_of(duty("auditor"), office), "P-16"),
    "my.mail": Act(own, "P-06", of=OfPerson),
    "my.write": Act(own, "P-06", of=OfPerson),
    "my.viewings": Act(own, "P-16", before_admission=True, of=OfPerson),
    "mandate.ask": Act(by_mandate, "P-16", of=OfPerson),
    "mandate.see": Act(one_of(by_mandate, second, duty("auditor")), "P-16"),
    "mandate.approve": Act(second, "P-16", _("an examination approver"), second=_ELSEWHERE, of=OwnCase),
    "mandate.ratify": Act(second, "P-16", _("an examination approver"), second=_ELSEWHERE, of=OwnCase),
    "protection.see": Act(one_of(office, duty("auditor")), "P-16"),
    "mandate.protect": Act(office, "P-16"),
    "content.list": Act(by_mandate, "P-16", of=OfPerson),
    "content.show": Act(by_mandate, "P-16", of=OfPerson),
    "content.attachment": Act(by_mandate, "P-16", of=OfPerson),
    "content.print": Act(by_mandate, "P-16", of=OfPerson),
    "content.export": Act(by_mandate, "P-16", of=OfPerson),
    "content.hold": Act(by_mandate, "P-20", of=OfPerson),
    "content.reveal": Act(duty("system-administrator"), "P-17"),
    "content.accident": Act(signed_in, "P-17"),
    "retention.hold": Act(duty("retention-officer", "records-officer"), "P-20"),
    "retention.see": Act(duty("retention-officer", "records-officer", "auditor"), "P-20"),
    "retention.schedule": Act(duty("retention-officer"), "P-20"),
    "retention.promote": Act(duty("retention-officer", "records-officer"), "P-20"),
    "retention.dispose": Act(duty("retention-officer"), "P-20"),
    "viewings.see": Act(one_of(duty("auditor"), duty("system-administrator")), "P-16"),
    "viewings.mark": Act(not_for_oneself(duty("auditor")), "P-17", second=_LOOKED, of=OwnCase),
    "rules.see": Act(one_of(writes_rules, duty("auditor"), heads), "P-29", _("a policy author")),
    "rule.write": Act(duty("policy-author"), "P-29", _("a policy author")),
    "rule.decide": Act(approves, "P-29", _("a policy approver"), second=_WROTE_RULE, of=Decision),
    "rule.replay": Act(writes_rules, "P-29", _("a policy author")),
    "emergency.make": Act(duty("security-officer"), "P-25", _("a security officer")),
    "emergency.decide": Act(writes_rules, "P-25", _("a policy approver"), second=_WROTE_RULE, of=Decision),
    "matrix.see": Act(one_of(writes_rules, duty("auditor"), duty("system-administrator")), "P-29", _("a policy author")),
    "quarantine.see": Act(duty("security-officer", "system-administrator"), "P-25", _("a security officer")),
    "quarantine.release": Act(duty("security-officer"), "P-25", _("a security officer")),
    "releases.see": Act(duty("security-officer", "privacy-officer"), "P-25", _("a security officer")),
    "release.answer": Act(not_for_oneself(duty("security-officer")), "P-25", _("a security officer"), second=_ASKED, of=OwnCase),
    "release.agree": Act(not_for_oneself(duty("security-officer")), "P-25", _("a security officer"), second=_ASKED, of=OwnCase),
    "release.second": Act(
        not_for_oneself(duty("security-officer")), "P-25", _("another security officer"), second=_TWO, of=OwnCase
    ),
    "release.confidential": Act(
        not_for_oneself(duty("privacy-officer")), "P-19", _("a privacy officer"), second=_ASKED, of=OwnCase
    ),
    "containment.see": Act(duty("security-officer"), "P-25", _("a security officer")),
    "containment.lock": Act(not_for_oneself(duty("security-officer")), "P-25", _("a security officer"), of=OfPerson),
    "containment.release": Act(not_for_oneself(duty("security-officer")), "P-25", _("a security officer"), of=OfPerson),
    "approvals.see": Act(one_of(heads, duty("auditor")), "P-22", _("your department's head")),
    "approval.answer": Act(approves_files, "P-22", _("the department's head"), second=_SENT, of=Files),
    "approval.look": Act(looks_at_files, "P-22", _("the department's head"), of=Files),
    "approval.sample": Act(not_for_oneself(looks_at_files), "P-22", _("the next head up"), second=_SENT, of=Files),
    "approval.withdraw": Act(own, "P-22", of=OfPerson),
    "my.approvals": Act(own, "P-22", of=OfPerson),
    "approval.standing": Act(leads, "P-22", _("the department's head"), of=InDepartment),
    "approval.switch": Act(approves, "P-22", _("a policy author")),
    "approval.agree": Act(leads, "P-22", _("the department's head"), second=_TWO, of=DepartmentCase),
    "reports.see": Act(duty("security-officer"), "P-31", _("a security officer")),
    "report.read": Act(duty("security-officer"), "P-31", _("a security officer")),
    "report.answer": Act(duty("security-officer"), "P-31", _("a security officer")),
    "pull.ask": Act(duty("security-officer"), "P-31", _("a security officer")),
    "pull.second": Act(duty("security-officer"), "P-31", _("another security officer"), second=_TOOK_BACK, of=Decision),
    "pull.undo": Act(duty("security-officer"), "P-31", _("a security officer")),
    "sender.verify": Act(own, "P-27", of=OfPerson),
    "plain.see": Act(duty("privacy-officer", "auditor"), "P-19", _("a privacy officer")),
    "contests.see": Act(writes_rules, "P-29", _("a policy approver")),
    "contest.answer": Act(one_of(approves, duty("security-officer")), "P-29", _("a policy approver")),
    "findings.see": Act(reviews, "P-12", _("a use reviewer")),
    "finding.answer": Act(reviews, "P-12", _("a use reviewer")),
    "finding.second": Act(reviews, "P-12", _("another use reviewer"), second=_REVIEWED, of=Decision),
    "finding.hand-over": Act(reviews, "P-12", _("a use reviewer")),
    "setup.see": Act(one_of(office, duty("system-administrator")), "P-29"),
    "health.see": Act(one_of(duty("system-administrator"), duty("auditor")), "P-17"),
    "system.see": Act(duty("system-administrator"), "P-17"),
    "queue.act": Act(duty("system-administrator"), "P-17"),
    "dns.reports": Act(duty("system-administrator"), "P-26"),
    "spam.teach": Act(duty("system-administrator"), "P-02"),
    "mail.import": Act(duty("system-administrator", "records-officer"), "P-15"),
    "keys.rotate": Act(office, "P-17"),
    "keys.sign": Act(duty("system-administrator"), "P-26"),
    "department.mode": Act(one_of(office, duty("system-administrator")), "P-06"),
}
"""The keys are names of acts: what entries, the sweep and requirement rows cite."""

UNDER_A_MANDATE = frozenset({f"content.{what}" for what in ("list", "show", "attachment", "print", "export", "hold")})
"""Acts on other people's mail: no case, no body (E2)."""

TAKE_TWO = frozenset(name for name, act in ACTS.items() if act.second)
"""Acts that one person never does alone: the guard refuses whoever did another half, or could have been them (foureyes.py)."""
