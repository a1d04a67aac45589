"""Every act that the guard decides on, who may perform it, and its clause. The only such table; pages, API, CLI and tests read it.
Pure.

Acts that are not in the table are permitted to no one.
"""

from __future__ import annotations

from dataclasses import dataclass

from civicmail.city.guard.authorization_rules import (
    Rule,
    answers_for,
    answers_higher,
    answers_request,
    answers_review,
    anybody,
    approves,
    approves_files,
    asks_for,
    asks_for_grant,
    by_mandate,
    decides,
    department_or_office,
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
    reviews_part,
    role,
    second,
    sends,
    sets_up,
    signed_in,
    writes_rules,
)
from civicmail.city.guard.resources import (
    Decision,
    DepartmentCase,
    Employment,
    ExternalAccount,
    GrantOn,
    InDepartment,
    MailboxIn,
    OfPerson,
    OutboundFiles,
    OwnCase,
    PartOfReview,
    PersonCase,
    PersonIn,
    Resource,
    ReviewedRight,
)
from civicmail.core.config.sentence import sentence as _

_OFFICE = _("the access office")
_REQUESTER = _("The requester cannot approve.")
_OUTSIDE_LINES = _("Somebody else decides about this one: a second person who is outside of every line that it touches.")
_GRANTED = _("A person who granted it alone cannot review it.")
_LOOKED = _("Nobody does this to themselves.")
_REVIEWED = _("The first reviewer cannot be the second reviewer.")
_SENT = _("You cannot approve files that you send yourself.")
_TOOK_BACK = _("Who wants to take copies back is not the second person.")
_TWO = _("It takes two: another person answers.")
_WROTE_PROFILE = _("The person who wrote the reasons requests; another person authorizes.")
_WROTE_RULE = _("Who wrote a rule does not approve it.")


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may perform an act.

    clause: policy clause; contact: who can grant it; before_admission: allowed before the policy is acknowledged; second_person:
    refusal for someone who did another part of an act that takes two people (four_eyes.py); alone: a person is excluded only if
    they could have done both parts alone, because the act itself makes two people open a sign-in; resource: type of the resource.
    """

    rule: Rule
    clause: str
    contact: str = _OFFICE
    before_admission: bool = False
    second_person: str = ""
    alone: bool = False
    resource: type[Resource] = Resource


PERMISSIONS: dict[str, Permission] = {
    "statement.sign": Permission(leads, "P-28", _("the department's head"), resource=InDepartment),
    "statement.see": Permission(
        one_of(department_or_office, role("auditor"), role("administration-director")), "P-28", _("the department's head")
    ),
    "statements.see": Permission(one_of(office, role("auditor"), role("administration-director")), "P-28"),
    "home": Permission(signed_in, "P-06", before_admission=True),
    "policy.read": Permission(anybody, "P-18", before_admission=True),
    "policy.acknowledge": Permission(own, "P-18", before_admission=True, resource=OfPerson),
    "policy.paper": Permission(not_for_oneself(department_or_office), "P-18", resource=PersonIn),
    "policy.publish": Permission(office, "P-18"),
    "my.access": Permission(own, "P-04", before_admission=True, resource=OfPerson),
    "my.devices": Permission(own, "P-07", resource=OfPerson),
    "my.sessions": Permission(own, "P-07", before_admission=True, resource=OfPerson),
    "my.duties": Permission(own, "P-16", resource=OfPerson),
    "my.sponsored": Permission(own, "P-09", resource=OfPerson),
    "my.views": Permission(own, "P-06", resource=OfPerson),
    "request.ask": Permission(asks_for, "P-04", _("your supervisor"), resource=PersonIn),
    "request.see": Permission(one_of(asks_for, department_or_office, own, role("auditor")), "P-04"),
    "request.decide": Permission(
        answers_request, "P-04", _("the department's head"), second_person=_REQUESTER, resource=PersonCase
    ),
    "request.withdraw": Permission(asks_for, "P-04", resource=PersonIn),
    "roster.see": Permission(one_of(department_or_office, role("auditor")), "P-08", _("the department's head")),
    "roster.authorise": Permission(
        decides, "P-04", _("the department's head"), second_person=_WROTE_PROFILE, resource=DepartmentCase
    ),
    "profile.write": Permission(decides, "P-04", _("the department's head"), resource=InDepartment),
    "personal-use.set": Permission(decides, "P-10", _("the department's head"), resource=InDepartment),
    "access.suspend": Permission(not_for_oneself(department_or_office), "P-04", resource=PersonIn),
    "access.resume": Permission(not_for_oneself(department_or_office), "P-04", resource=PersonIn),
    "access.end": Permission(not_for_oneself(department_or_office), "P-08", resource=PersonIn),
    "reply.set": Permission(one_of(holds, sends, department_or_office), "P-06", _("the department's head"), resource=MailboxIn),
    "leaver.answer": Permission(not_for_oneself(decides), "P-08", _("the department's head"), resource=PersonIn),
    "account.close": Permission(not_for_oneself(decides), "P-08", _("the department's head"), resource=PersonIn),
    "account.closed": Permission(one_of(department_or_office, role("auditor")), "P-08", _("the department's head")),
    "reconcile.see": Permission(one_of(office, role("auditor")), "P-08"),
    "outside.see": Permission(one_of(office, role("auditor")), "P-08"),
    "outside.change": Permission(office, "P-08"),
    "outside.of-person": Permission(one_of(department_or_office, role("auditor")), "P-08", _("the department's head")),
    "outside.give": Permission(department_or_office, "P-08", _("the department's head"), resource=PersonIn),
    "outside.confirm": Permission(not_for_oneself(one_of(answers_for, office)), "P-08", resource=ExternalAccount),
    "left.forward": Permission(decides, "P-08", _("the department's head"), resource=MailboxIn),
    "request.decide-higher": Permission(
        answers_higher, "P-09", _("the next head up or the access office"), second_person=_REQUESTER, resource=PersonCase
    ),
    "bar.ask-end": Permission(not_for_oneself(office), "P-30", resource=OfPerson),
    "bar.end": Permission(not_for_oneself(one_of(office, role("city-attorney"))), "P-30", second_person=_TWO, resource=PersonCase),
    "undertaking.record": Permission(office, "P-09"),
    "undertaking.give": Permission(signed_in, "P-09", before_admission=True),
    "violation.report": Permission(signed_in, "P-30"),
    "violation.record": Permission(records, "P-09", _("the sponsor of the contract"), resource=Employment),
    "violation.see": Permission(one_of(department_or_office, role("auditor")), "P-30", _("the department's head")),
    "violation.find": Permission(not_for_oneself(department_or_office), "P-30", _("the department's head"), resource=PersonCase),
    "violation.decide": Permission(not_for_oneself(department_or_office), "P-30", _("the department's head"), resource=PersonCase),
    "violation.second": Permission(not_for_oneself(office), "P-30", second_person=_TWO, resource=PersonCase),
    "violation.hear": Permission(not_for_oneself(department_or_office), "P-30", resource=PersonCase),
    "violation.reverse": Permission(not_for_oneself(department_or_office), "P-09", second_person=_TWO, resource=PersonCase),
    "violations.see": Permission(one_of(office, role("auditor")), "P-30"),
    "violation.name": Permission(office, "P-30"),
    "my.violations": Permission(own, "P-30", before_admission=True, resource=OfPerson),
    "grant.ask": Permission(asks_for_grant, "P-07", _("your supervisor"), resource=GrantOn),
    "department.change": Permission(office, "P-04"),
    "agency.see": Permission(one_of(office, role("auditor")), "P-09"),
    "agency.change": Permission(office, "P-09"),
    "agency.suspend": Permission(office, "P-09"),
    "person.change": Permission(not_for_oneself(department_or_office), "P-08", resource=PersonIn),
    "mailbox.see": Permission(one_of(department_or_office, role("auditor"), holds), "P-08", _("the department's head")),
    "mailbox.make": Permission(department_or_office, "P-04", resource=InDepartment),
    "mailbox.close": Permission(department_or_office, "P-08", resource=MailboxIn),
    "mailbox.invite": Permission(department_or_office, "P-25", _("the department's head"), resource=MailboxIn),
    "address.change": Permission(department_or_office, "P-08", resource=MailboxIn),
    "machine.make": Permission(department_or_office, "P-07", resource=InDepartment),
    "group.change": Permission(department_or_office, "P-06", resource=InDepartment),
    "feed.run": Permission(office, "P-08"),
    "feed.apply": Permission(office, "P-08"),
    "feed.pull": Permission(one_of(office, feeds), "P-08"),
    "feed.take": Permission(feeds, "P-08"),
    "feed.map": Permission(office, "P-08"),
    "feed.key": Permission(office, "P-08"),
    "review.see": Permission(one_of(reviews_part, department_or_office, role("auditor")), "P-05", _("the department's head")),
    "review.decide": Permission(answers_review, "P-05", _("the department's head"), second_person=_GRANTED, resource=ReviewedRight),
    "review.delegate": Permission(reviews_part, "P-05", _("the department's head"), resource=PartOfReview),
    "reviews.see": Permission(one_of(office, role("auditor")), "P-05"),
    "review.run": Permission(office, "P-05"),
    "duty.see": Permission(one_of(office, role("auditor")), "P-16"),
    "duty.grant": Permission(not_for_oneself(office), "P-16", resource=OfPerson),
    "duty.end": Permission(office, "P-16"),
    "duty.record-conflict": Permission(not_for_oneself(office), "P-16", resource=OfPerson),
    "duty.take-up": Permission(own, "P-16", resource=OfPerson),
    "account.unlock": Permission(not_for_oneself(office), "P-07", resource=OfPerson),
    "account.invite": Permission(not_for_oneself(department_or_office), "P-07", resource=PersonIn),
    "account.hand-over": Permission(
        not_for_oneself(department_or_office),
        "P-07",
        _("the department's head"),
        second_person=_TWO,
        alone=True,
        resource=PersonCase,
    ),
    "account.recover": Permission(not_for_oneself(office), "P-07", resource=OfPerson),
    "entries.see": Permission(one_of(role("auditor"), office), "P-16"),
    "my.mail": Permission(own, "P-06", resource=OfPerson),
    "my.write": Permission(own, "P-06", resource=OfPerson),
    "my.viewings": Permission(own, "P-16", before_admission=True, resource=OfPerson),
    "people.find": Permission(one_of(office, role("auditor", "examiner", "records-officer", "city-attorney")), "P-16"),
    "mandate.ask": Permission(by_mandate, "P-16", resource=OfPerson),
    "mandate.see": Permission(one_of(by_mandate, second, role("auditor")), "P-16"),
    "mandate.approve": Permission(second, "P-16", _("an examination approver"), second_person=_OUTSIDE_LINES, resource=OwnCase),
    "mandate.ratify": Permission(second, "P-16", _("an examination approver"), second_person=_OUTSIDE_LINES, resource=OwnCase),
    "protection.see": Permission(one_of(office, role("auditor")), "P-16"),
    "mandate.protect": Permission(office, "P-16"),
    "content.list": Permission(by_mandate, "P-16", resource=OfPerson),
    "content.show": Permission(by_mandate, "P-16", resource=OfPerson),
    "content.attachment": Permission(by_mandate, "P-16", resource=OfPerson),
    "content.print": Permission(by_mandate, "P-16", resource=OfPerson),
    "content.export": Permission(by_mandate, "P-16", resource=OfPerson),
    "content.hold": Permission(by_mandate, "P-20", resource=OfPerson),
    "content.reveal": Permission(role("system-administrator"), "P-17"),
    "content.accident": Permission(signed_in, "P-17"),
    "privilege.see": Permission(role("city-attorney", "auditor"), "P-16", _("the city attorney")),
    "privilege.change": Permission(role("city-attorney"), "P-16", _("the city attorney")),
    "clearance.ask": Permission(by_mandate, "P-16", resource=OfPerson),
    "clearance.decide": Permission(
        not_for_oneself(role("city-attorney")), "P-16", _("the city attorney"), second_person=_REQUESTER, resource=OwnCase
    ),
    "content.privileged": Permission(
        not_for_oneself(role("city-attorney")), "P-16", _("the city attorney"), second_person=_REQUESTER, resource=OwnCase
    ),
    "retention.hold": Permission(role("retention-officer", "records-officer"), "P-20"),
    "retention.see": Permission(role("retention-officer", "records-officer", "auditor"), "P-20"),
    "retention.schedule": Permission(role("retention-officer"), "P-20"),
    "retention.promote": Permission(role("retention-officer", "records-officer"), "P-20"),
    "retention.dispose": Permission(role("retention-officer"), "P-20"),
    "retention.approve": Permission(role("records-officer"), "P-20", _("a records officer"), second_person=_TWO, resource=Decision),
    "law.adopt": Permission(role("city-attorney", "records-officer"), "P-21", _("the city attorney")),
    "examinations.report": Permission(role("auditor"), "P-16", _("an auditor")),
    "viewings.see": Permission(one_of(role("auditor"), role("system-administrator")), "P-16"),
    "viewings.mark": Permission(not_for_oneself(role("auditor")), "P-17", second_person=_LOOKED, resource=OwnCase),
    "records.see": Permission(role("records-officer", "city-attorney", "auditor"), "P-21", _("a records officer")),
    "records.work": Permission(role("records-officer"), "P-21", _("a records officer")),
    "records.review": Permission(role("records-officer", "city-attorney"), "P-21", _("a records officer")),
    "records.confirm-scope": Permission(
        role("records-officer", "city-attorney"), "P-21", _("another records officer"), second_person=_TWO, resource=Decision
    ),
    "records.second": Permission(
        role("records-officer", "city-attorney"), "P-21", _("another records officer"), second_person=_TWO, resource=Decision
    ),
    "records.approve": Permission(
        role("records-officer", "city-attorney"), "P-21", _("another records officer"), second_person=_TWO, resource=Decision
    ),
    "records.contest": Permission(
        role("records-officer", "city-attorney"), "P-21", _("another records officer"), second_person=_TWO, resource=Decision
    ),
    "records.export": Permission(role("records-officer", "city-attorney"), "P-21", _("a records officer")),
    "records.suit": Permission(role("city-attorney"), "P-21", _("the city attorney")),
    "records.attest": Permission(own, "P-21", resource=OfPerson),
    "rules.see": Permission(one_of(writes_rules, role("auditor"), heads), "P-29", _("a policy author")),
    "rules.report": Permission(one_of(writes_rules, role("auditor")), "P-29", _("a policy author")),
    "rule.write": Permission(role("policy-author"), "P-29", _("a policy author")),
    "rule.decide": Permission(approves, "P-29", _("a policy approver"), second_person=_WROTE_RULE, resource=Decision),
    "rule.replay": Permission(writes_rules, "P-29", _("a policy author")),
    "emergency.make": Permission(role("security-officer"), "P-25", _("a security officer")),
    "emergency.decide": Permission(writes_rules, "P-25", _("a policy approver"), second_person=_WROTE_RULE, resource=Decision),
    "matrix.see": Permission(one_of(writes_rules, role("auditor"), role("system-administrator")), "P-29", _("a policy author")),
    "quarantine.see": Permission(role("security-officer", "system-administrator"), "P-25", _("a security officer")),
    "quarantine.release": Permission(role("security-officer"), "P-25", _("a security officer")),
    "releases.see": Permission(role("security-officer", "privacy-officer"), "P-25", _("a security officer")),
    "release.answer": Permission(
        not_for_oneself(role("security-officer")), "P-25", _("a security officer"), second_person=_REQUESTER, resource=OwnCase
    ),
    "release.agree": Permission(
        not_for_oneself(role("security-officer")), "P-25", _("a security officer"), second_person=_REQUESTER, resource=OwnCase
    ),
    "release.second": Permission(
        not_for_oneself(role("security-officer")), "P-25", _("another security officer"), second_person=_TWO, resource=OwnCase
    ),
    "release.confidential": Permission(
        not_for_oneself(role("privacy-officer")), "P-19", _("a privacy officer"), second_person=_REQUESTER, resource=OwnCase
    ),
    "containment.see": Permission(role("security-officer"), "P-25", _("a security officer")),
    "containment.lock": Permission(not_for_oneself(role("security-officer")), "P-25", _("a security officer"), resource=OfPerson),
    "containment.release": Permission(
        not_for_oneself(role("security-officer")), "P-25", _("a security officer"), resource=OfPerson
    ),
    "approvals.see": Permission(one_of(heads, role("auditor")), "P-22", _("your department's head")),
    "approval.answer": Permission(approves_files, "P-22", _("the department's head"), second_person=_SENT, resource=OutboundFiles),
    "approval.look": Permission(looks_at_files, "P-22", _("the department's head"), resource=OutboundFiles),
    "approval.sample": Permission(
        not_for_oneself(looks_at_files), "P-22", _("the next head up"), second_person=_SENT, resource=OutboundFiles
    ),
    "approval.withdraw": Permission(own, "P-22", resource=OfPerson),
    "approval.remind": Permission(own, "P-22", resource=OfPerson),
    "my.approvals": Permission(own, "P-22", resource=OfPerson),
    "approval.standing": Permission(leads, "P-22", _("the department's head"), resource=InDepartment),
    "approval.switch": Permission(approves, "P-22", _("a policy author")),
    "approval.agree": Permission(leads, "P-22", _("the department's head"), second_person=_TWO, resource=DepartmentCase),
    "reports.see": Permission(role("security-officer"), "P-31", _("a security officer")),
    "report.read": Permission(role("security-officer"), "P-31", _("a security officer")),
    "report.answer": Permission(role("security-officer"), "P-31", _("a security officer")),
    "pull.ask": Permission(role("security-officer"), "P-31", _("a security officer")),
    "pull.second": Permission(
        role("security-officer"), "P-31", _("another security officer"), second_person=_TOOK_BACK, resource=Decision
    ),
    "pull.undo": Permission(role("security-officer"), "P-31", _("a security officer")),
    "sender.verify": Permission(own, "P-27", resource=OfPerson),
    "plain.see": Permission(role("privacy-officer", "auditor"), "P-19", _("a privacy officer")),
    "contests.see": Permission(writes_rules, "P-29", _("a policy approver")),
    "contest.answer": Permission(one_of(approves, role("security-officer")), "P-29", _("a policy approver")),
    "findings.see": Permission(reviews, "P-12", _("a use reviewer")),
    "finding.answer": Permission(reviews, "P-12", _("a use reviewer")),
    "finding.second": Permission(reviews, "P-12", _("another use reviewer"), second_person=_REVIEWED, resource=Decision),
    "finding.hand-over": Permission(reviews, "P-12", _("a use reviewer")),
    "setup.see": Permission(sets_up, "P-29"),
    "health.see": Permission(one_of(role("system-administrator"), role("auditor")), "P-17"),
    "system.see": Permission(role("system-administrator"), "P-17"),
    "queue.act": Permission(role("system-administrator"), "P-17"),
    "dns.reports": Permission(role("system-administrator"), "P-26"),
    "spam.teach": Permission(role("system-administrator"), "P-02"),
    "mail.import": Permission(role("system-administrator", "records-officer"), "P-15"),
    "keys.rotate": Permission(office, "P-17"),
    "keys.sign": Permission(role("system-administrator"), "P-26"),
    "department.mode": Permission(one_of(office, role("system-administrator")), "P-06"),
}
"""The keys are names of acts: what entries, the sweep and requirement rows cite."""

UNDER_A_MANDATE = frozenset({f"content.{what}" for what in ("list", "show", "attachment", "print", "export", "hold")})
"""Acts on other people's mail: no case, no body (E2)."""

TAKE_TWO = frozenset(name for name, act in PERMISSIONS.items() if act.second_person)
"""Acts that one person never does alone: the guard refuses whoever did another half, or could have been them (four_eyes.py)."""
