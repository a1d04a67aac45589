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
class Permission:
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


PERMISSIONS: dict[str, Permission] = {
    "statement.sign": Permission(leads, "P-28", _("the department's head"), of=InDepartment),
    "statement.see": Permission(
        one_of(department_or_office, duty("auditor"), duty("administration-director")), "P-28", _("the department's head")
    ),
    "statements.see": Permission(one_of(office, duty("auditor"), duty("administration-director")), "P-28"),
    "home": Permission(signed_in, "P-06", before_admission=True),
    "policy.read": Permission(anybody, "P-18", before_admission=True),
    "policy.acknowledge": Permission(own, "P-18", before_admission=True, of=OfPerson),
    "policy.paper": Permission(not_for_oneself(department_or_office), "P-18", of=PersonIn),
    "policy.publish": Permission(office, "P-18"),
    "my.access": Permission(own, "P-04", before_admission=True, of=OfPerson),
    "my.devices": Permission(own, "P-07", of=OfPerson),
    "my.sessions": Permission(own, "P-07", before_admission=True, of=OfPerson),
    "my.duties": Permission(own, "P-16", of=OfPerson),
    "my.sponsored": Permission(own, "P-09", of=OfPerson),
    "my.views": Permission(own, "P-06", of=OfPerson),
    "request.ask": Permission(asks_for, "P-04", _("your supervisor"), of=PersonIn),
    "request.see": Permission(one_of(asks_for, department_or_office, own, duty("auditor")), "P-04"),
    "request.decide": Permission(answers_request, "P-04", _("the department's head"), second=_ASKED, of=PersonCase),
    "request.withdraw": Permission(asks_for, "P-04", of=PersonIn),
    "roster.see": Permission(one_of(department_or_office, duty("auditor")), "P-08", _("the department's head")),
    "roster.authorise": Permission(decides, "P-04", _("the department's head"), second=_WROTE_PROFILE, of=DepartmentCase),
    "profile.write": Permission(decides, "P-04", _("the department's head"), of=InDepartment),
    "personal-use.set": Permission(decides, "P-10", _("the department's head"), of=InDepartment),
    "access.suspend": Permission(not_for_oneself(department_or_office), "P-04", of=PersonIn),
    "access.resume": Permission(not_for_oneself(department_or_office), "P-04", of=PersonIn),
    "access.end": Permission(not_for_oneself(department_or_office), "P-08", of=PersonIn),
    "reply.set": Permission(one_of(holds, sends, department_or_office), "P-06", _("the department's head"), of=MailboxIn),
    "leaver.answer": Permission(not_for_oneself(decides), "P-08", _("the department's head"), of=PersonIn),
    "account.close": Permission(not_for_oneself(decides), "P-08", _("the department's head"), of=PersonIn),
    "account.closed": Permission(one_of(department_or_office, duty("auditor")), "P-08", _("the department's head")),
    "reconcile.see": Permission(one_of(office, duty("auditor")), "P-08"),
    "outside.see": Permission(one_of(office, duty("auditor")), "P-08"),
    "outside.change": Permission(office, "P-08"),
    "outside.of-person": Permission(one_of(department_or_office, duty("auditor")), "P-08", _("the department's head")),
    "outside.give": Permission(department_or_office, "P-08", _("the department's head"), of=PersonIn),
    "outside.confirm": Permission(not_for_oneself(one_of(answers_for, office)), "P-08", of=AccountElsewhere),
    "left.forward": Permission(decides, "P-08", _("the department's head"), of=MailboxIn),
    "request.decide-higher": Permission(
        answers_higher, "P-09", _("the next head up or the access office"), second=_ASKED, of=PersonCase
    ),
    "bar.ask-end": Permission(not_for_oneself(office), "P-30", of=OfPerson),
    "bar.end": Permission(not_for_oneself(one_of(office, duty("city-attorney"))), "P-30", second=_TWO, of=PersonCase),
    "undertaking.record": Permission(office, "P-09"),
    "undertaking.give": Permission(signed_in, "P-09", before_admission=True),
    "violation.report": Permission(signed_in, "P-30"),
    "violation.record": Permission(records, "P-09", _("the sponsor of the contract"), of=Work),
    "violation.see": Permission(one_of(department_or_office, duty("auditor")), "P-30", _("the department's head")),
    "violation.find": Permission(not_for_oneself(department_or_office), "P-30", _("the department's head"), of=PersonCase),
    "violation.decide": Permission(not_for_oneself(department_or_office), "P-30", _("the department's head"), of=PersonCase),
    "violation.second": Permission(not_for_oneself(office), "P-30", second=_TWO, of=PersonCase),
    "violation.hear": Permission(not_for_oneself(department_or_office), "P-30", of=PersonCase),
    "violation.reverse": Permission(not_for_oneself(department_or_office), "P-09", second=_TWO, of=PersonCase),
    "violations.see": Permission(one_of(office, duty("auditor")), "P-30"),
    "violation.name": Permission(office, "P-30"),
    "my.violations": Permission(own, "P-30", before_admission=True, of=OfPerson),
    "grant.ask": Permission(asks_for_grant, "P-07", _("your supervisor"), of=GrantOn),
    "department.change": Permission(office, "P-04"),
    "agency.see": Permission(one_of(office, duty("auditor")), "P-09"),
    "agency.change": Permission(office, "P-09"),
    "agency.suspend": Permission(office, "P-09"),
    "person.change": Permission(not_for_oneself(department_or_office), "P-08", of=PersonIn),
    "mailbox.see": Permission(one_of(department_or_office, duty("auditor"), holds), "P-08", _("the department's head")),
    "mailbox.make": Permission(department_or_office, "P-04", of=InDepartment),
    "mailbox.close": Permission(department_or_office, "P-08", of=MailboxIn),
    "mailbox.invite": Permission(department_or_office, "P-25", _("the department's head"), of=MailboxIn),
    "address.change": Permission(department_or_office, "P-08", of=MailboxIn),
    "machine.make": Permission(department_or_office, "P-07", of=InDepartment),
    "group.change": Permission(department_or_office, "P-06"),
    "feed.run": Permission(office, "P-08"),
    "feed.apply": Permission(office, "P-08"),
    "feed.pull": Permission(one_of(office, feeds), "P-08"),
    "feed.take": Permission(feeds, "P-08"),
    "feed.map": Permission(office, "P-08"),
    "feed.key": Permission(office, "P-08"),
    "review.see": Permission(one_of(asked_in_review, department_or_office, duty("auditor")), "P-05", _("the department's head")),
    "review.decide": Permission(answers_review, "P-05", _("the department's head"), second=_GRANTED, of=ReviewedRight),
    "review.delegate": Permission(asked_in_review, "P-05", _("the department's head"), of=PartOfReview),
    "reviews.see": Permission(one_of(office, duty("auditor")), "P-05"),
    "review.run": Permission(office, "P-05"),
    "duty.see": Permission(one_of(office, duty("auditor")), "P-16"),
    "duty.grant": Permission(not_for_oneself(office), "P-16", of=OfPerson),
    "duty.end": Permission(office, "P-16"),
    "duty.record-conflict": Permission(not_for_oneself(office), "P-16", of=OfPerson),
    "duty.take-up": Permission(own, "P-16", of=OfPerson),
    "account.unlock": Permission(not_for_oneself(office), "P-07", of=OfPerson),
    "account.invite": Permission(not_for_oneself(department_or_office), "P-07", of=PersonIn),
    "account.hand-over": Permission(
        not_for_oneself(department_or_office), "P-07", _("the department's head"), second=_TWO, alone=True, of=PersonCase
    ),
    "account.recover": Permission(not_for_oneself(office), "P-07", of=OfPerson),
    "entries.see": Permission(one_of(duty("auditor"), office), "P-16"),
    "my.mail": Permission(own, "P-06", of=OfPerson),
    "my.write": Permission(own, "P-06", of=OfPerson),
    "my.viewings": Permission(own, "P-16", before_admission=True, of=OfPerson),
    "mandate.ask": Permission(by_mandate, "P-16", of=OfPerson),
    "mandate.see": Permission(one_of(by_mandate, second, duty("auditor")), "P-16"),
    "mandate.approve": Permission(second, "P-16", _("an examination approver"), second=_ELSEWHERE, of=OwnCase),
    "mandate.ratify": Permission(second, "P-16", _("an examination approver"), second=_ELSEWHERE, of=OwnCase),
    "protection.see": Permission(one_of(office, duty("auditor")), "P-16"),
    "mandate.protect": Permission(office, "P-16"),
    "content.list": Permission(by_mandate, "P-16", of=OfPerson),
    "content.show": Permission(by_mandate, "P-16", of=OfPerson),
    "content.attachment": Permission(by_mandate, "P-16", of=OfPerson),
    "content.print": Permission(by_mandate, "P-16", of=OfPerson),
    "content.export": Permission(by_mandate, "P-16", of=OfPerson),
    "content.hold": Permission(by_mandate, "P-20", of=OfPerson),
    "content.reveal": Permission(duty("system-administrator"), "P-17"),
    "content.accident": Permission(signed_in, "P-17"),
    "retention.hold": Permission(duty("retention-officer", "records-officer"), "P-20"),
    "retention.see": Permission(duty("retention-officer", "records-officer", "auditor"), "P-20"),
    "retention.schedule": Permission(duty("retention-officer"), "P-20"),
    "retention.promote": Permission(duty("retention-officer", "records-officer"), "P-20"),
    "retention.dispose": Permission(duty("retention-officer"), "P-20"),
    "viewings.see": Permission(one_of(duty("auditor"), duty("system-administrator")), "P-16"),
    "viewings.mark": Permission(not_for_oneself(duty("auditor")), "P-17", second=_LOOKED, of=OwnCase),
    "rules.see": Permission(one_of(writes_rules, duty("auditor"), heads), "P-29", _("a policy author")),
    "rule.write": Permission(duty("policy-author"), "P-29", _("a policy author")),
    "rule.decide": Permission(approves, "P-29", _("a policy approver"), second=_WROTE_RULE, of=Decision),
    "rule.replay": Permission(writes_rules, "P-29", _("a policy author")),
    "emergency.make": Permission(duty("security-officer"), "P-25", _("a security officer")),
    "emergency.decide": Permission(writes_rules, "P-25", _("a policy approver"), second=_WROTE_RULE, of=Decision),
    "matrix.see": Permission(one_of(writes_rules, duty("auditor"), duty("system-administrator")), "P-29", _("a policy author")),
    "quarantine.see": Permission(duty("security-officer", "system-administrator"), "P-25", _("a security officer")),
    "quarantine.release": Permission(duty("security-officer"), "P-25", _("a security officer")),
    "releases.see": Permission(duty("security-officer", "privacy-officer"), "P-25", _("a security officer")),
    "release.answer": Permission(
        not_for_oneself(duty("security-officer")), "P-25", _("a security officer"), second=_ASKED, of=OwnCase
    ),
    "release.agree": Permission(
        not_for_oneself(duty("security-officer")), "P-25", _("a security officer"), second=_ASKED, of=OwnCase
    ),
    "release.second": Permission(
        not_for_oneself(duty("security-officer")), "P-25", _("another security officer"), second=_TWO, of=OwnCase
    ),
    "release.confidential": Permission(
        not_for_oneself(duty("privacy-officer")), "P-19", _("a privacy officer"), second=_ASKED, of=OwnCase
    ),
    "containment.see": Permission(duty("security-officer"), "P-25", _("a security officer")),
    "containment.lock": Permission(not_for_oneself(duty("security-officer")), "P-25", _("a security officer"), of=OfPerson),
    "containment.release": Permission(not_for_oneself(duty("security-officer")), "P-25", _("a security officer"), of=OfPerson),
    "approvals.see": Permission(one_of(heads, duty("auditor")), "P-22", _("your department's head")),
    "approval.answer": Permission(approves_files, "P-22", _("the department's head"), second=_SENT, of=Files),
    "approval.look": Permission(looks_at_files, "P-22", _("the department's head"), of=Files),
    "approval.sample": Permission(not_for_oneself(looks_at_files), "P-22", _("the next head up"), second=_SENT, of=Files),
    "approval.withdraw": Permission(own, "P-22", of=OfPerson),
    "my.approvals": Permission(own, "P-22", of=OfPerson),
    "approval.standing": Permission(leads, "P-22", _("the department's head"), of=InDepartment),
    "approval.switch": Permission(approves, "P-22", _("a policy author")),
    "approval.agree": Permission(leads, "P-22", _("the department's head"), second=_TWO, of=DepartmentCase),
    "reports.see": Permission(duty("security-officer"), "P-31", _("a security officer")),
    "report.read": Permission(duty("security-officer"), "P-31", _("a security officer")),
    "report.answer": Permission(duty("security-officer"), "P-31", _("a security officer")),
    "pull.ask": Permission(duty("security-officer"), "P-31", _("a security officer")),
    "pull.second": Permission(duty("security-officer"), "P-31", _("another security officer"), second=_TOOK_BACK, of=Decision),
    "pull.undo": Permission(duty("security-officer"), "P-31", _("a security officer")),
    "sender.verify": Permission(own, "P-27", of=OfPerson),
    "plain.see": Permission(duty("privacy-officer", "auditor"), "P-19", _("a privacy officer")),
    "contests.see": Permission(writes_rules, "P-29", _("a policy approver")),
    "contest.answer": Permission(one_of(approves, duty("security-officer")), "P-29", _("a policy approver")),
    "findings.see": Permission(reviews, "P-12", _("a use reviewer")),
    "finding.answer": Permission(reviews, "P-12", _("a use reviewer")),
    "finding.second": Permission(reviews, "P-12", _("another use reviewer"), second=_REVIEWED, of=Decision),
    "finding.hand-over": Permission(reviews, "P-12", _("a use reviewer")),
    "setup.see": Permission(one_of(office, duty("system-administrator")), "P-29"),
    "health.see": Permission(one_of(duty("system-administrator"), duty("auditor")), "P-17"),
    "system.see": Permission(duty("system-administrator"), "P-17"),
    "queue.act": Permission(duty("system-administrator"), "P-17"),
    "dns.reports": Permission(duty("system-administrator"), "P-26"),
    "spam.teach": Permission(duty("system-administrator"), "P-02"),
    "mail.import": Permission(duty("system-administrator", "records-officer"), "P-15"),
    "keys.rotate": Permission(office, "P-17"),
    "keys.sign": Permission(duty("system-administrator"), "P-26"),
    "department.mode": Permission(one_of(office, duty("system-administrator")), "P-06"),
}
"""The keys are names of acts: what entries, the sweep and requirement rows cite."""

UNDER_A_MANDATE = frozenset({f"content.{what}" for what in ("list", "show", "attachment", "print", "export", "hold")})
"""Acts on other people's mail: no case, no body (E2)."""

TAKE_TWO = frozenset(name for name, act in PERMISSIONS.items() if act.second)
"""Acts that one person never does alone: the guard refuses whoever did another half, or could have been them (foureyes.py)."""
