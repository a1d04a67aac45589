"""Who may: the rules by which acts (acts.py) are decided. Pure.

A rule answers with the empty string for yes, else with the sentence that the person hears.
"""

from __future__ import annotations

from collections.abc import Callable

from civicmail.city.access.actors import Actor
from civicmail.city.access.duties import DUTIES, Duty
from civicmail.city.access.resources import (
    AccountElsewhere,
    Files,
    GrantOn,
    InDepartment,
    MailboxIn,
    OfPerson,
    PartOfReview,
    Resource,
    Work,
)
from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _

Rule = Callable[[Actor, Resource, int], str]

NOT_KNOWN = _("It is not known whom this is about, so it is refused.")
"""What a rule says of a resource without a fact that it needs."""


def _department(about: Resource) -> str:
    """Code of the owning department; "" is of none, and only who decides for all of them decides for it."""
    return about.department if isinstance(about, InDepartment) else ""


def anybody(_actor: Actor, _about: Resource, _now: int) -> str:
    return ""


def signed_in(actor: Actor, _about: Resource, _now: int) -> str:
    return "" if actor.uid and not actor.machine else _("Sign in first.")


def own(actor: Actor, about: Resource, now: int) -> str:
    if said := signed_in(actor, about, now):
        return said
    if not isinstance(about, OfPerson):
        return NOT_KNOWN
    return "" if about.person == actor.uid else _("This belongs to somebody else.")


def decides(actor: Actor, about: Resource, now: int) -> str:
    if said := signed_in(actor, about, now):
        return said
    return "" if actor.decides_for(_department(about)) else _("Only the department's head, a deputy or an authoriser decides this.")


def answers_request(actor: Actor, about: Resource, now: int) -> str:
    """Requester, approver and holder are three people (M3); the requester is one of about.firsts."""
    if said := decides(actor, about, now):
        return said
    if not isinstance(about, OfPerson):
        return NOT_KNOWN
    return _("Nobody approves access for themselves.") if about.is_about(actor) else ""


def answers_higher(actor: Actor, about: Resource, now: int) -> str:
    """One level higher: department is the one above (C4)."""
    if said := signed_in(actor, about, now):
        return said
    if not isinstance(about, OfPerson):
        return NOT_KNOWN
    if about.is_about(actor):
        return _("Nobody approves access for themselves.")
    if not office(actor, about, now) or (_department(about) and actor.decides_for(_department(about))):
        return ""
    return _("After a violation, the next head up or the access office decides.")


def records(actor: Actor, about: Resource, now: int) -> str:
    """Sponsor, authoriser or access officer (P-09)."""
    if said := signed_in(actor, about, now):
        return said
    if not isinstance(about, Work):
        return NOT_KNOWN
    if about.is_about(actor):
        return _("Nobody does this to themselves.")
    sponsors = about.sponsor != "" and actor.uid == about.sponsor
    if sponsors or actor.decides_for(_department(about)) or not office(actor, about, now):
        return ""
    return _("Only the sponsor of the contract, the department or the access office records this.")


def asks_for(actor: Actor, about: Resource, now: int) -> str:
    if said := signed_in(actor, about, now):
        return said
    if not isinstance(about, OfPerson):
        return NOT_KNOWN
    if about.is_about(actor):
        return _("Your supervisor asks for your access.")
    if about.person in actor.supervises or actor.decides_for(_department(about)) or not office(actor, about, now):
        return ""
    return _("Only a supervisor, the department or the access office asks for somebody's access.")


def asks_for_grant(actor: Actor, about: Resource, now: int) -> str:
    """The holder of a mailbox may ask for a delegate, too."""
    if isinstance(about, GrantOn) and actor.uid and about.holder == actor.uid != about.person:
        return ""
    return asks_for(actor, about, now)


def either(duties: tuple[Duty, ...]) -> Sentence:
    said = DUTIES[duties[0]].name.lower()
    for duty in duties[1:]:
        said = _("{one} or {other}", one=said, other=DUTIES[duty].name.lower())
    return said


def _take_up(name: str) -> Sentence:
    return _("Take up the duty {duty} first, with a reason.", duty=name)


def wants_taking_up(said: str) -> bool:
    """Whether a rule has said that a duty that is held has to be taken up first."""
    return isinstance(said, Sentence) and said.text == _take_up("").text


def duty(*wanted: Duty) -> Rule:
    """One of these duties is held; a privileged one must be taken up (D4)."""

    def rule(actor: Actor, about: Resource, now: int) -> str:
        if said := signed_in(actor, about, now):
            return said
        held = [d for d in wanted if actor.holds(d, _department(about))]
        if not held:
            return _("This needs the duty {duty}.", duty=either(wanted))
        if all(DUTIES[d].privileged and not actor.has_taken_up(d, now) for d in held):
            return _take_up(DUTIES[held[0]].name.lower())
        return ""

    return rule


def one_of(*rules: Rule) -> Rule:
    """Allowed when any of the rules allows; else what says which duty to take up, else that something is not known, else the first
    one's sentence."""

    def rule(actor: Actor, about: Resource, now: int) -> str:
        said = [r(actor, about, now) for r in rules]
        if "" in said:
            return ""
        return next(filter(wants_taking_up, said), NOT_KNOWN if NOT_KNOWN in said else said[0])

    return rule


def not_for_oneself(inner: Rule) -> Rule:
    def rule(actor: Actor, about: Resource, now: int) -> str:
        if said := inner(actor, about, now):
            return said
        if not isinstance(about, OfPerson):
            return NOT_KNOWN
        return _("Nobody does this to themselves.") if about.is_about(actor) else ""

    return rule


def holds(actor: Actor, about: Resource, now: int) -> str:
    """The holder of the mailbox that it is about."""
    held = isinstance(about, OfPerson) and about.person == actor.uid
    return signed_in(actor, about, now) or ("" if held else _("This is somebody else's mailbox."))


def sends(actor: Actor, about: Resource, now: int) -> str:
    """Whoever may send from the mailbox of a function that it is about, at this moment (M5)."""
    sends = isinstance(about, MailboxIn) and actor.uid in about.senders
    return signed_in(actor, about, now) or ("" if sends else _("This is somebody else's mailbox."))


def answers_for(actor: Actor, about: Resource, _now: int) -> str:
    """Whoever answers for a door that is not ours."""
    answers = isinstance(about, AccountElsewhere) and actor.uid and actor.uid == about.answers
    return "" if answers else _("Only who answers for this door, or the access office, does this.")


def heads(actor: Actor, about: Resource, now: int) -> str:
    """Head or deputy, by office (P-16: departmental management)."""
    return signed_in(actor, about, now) or (
        "" if actor.departments else _("Only the head of a department, or a deputy, does this.")
    )


def leads(actor: Actor, about: Resource, now: int) -> str:
    """Head or deputy of this very department, by office: an authoriser by duty does not answer for it (P-28)."""
    return signed_in(actor, about, now) or (
        "" if _department(about) in actor.departments else _("Only the head of the department, or a deputy, does this.")
    )


def asked_in_review(actor: Actor, about: Resource, now: int) -> str:
    """Whoever answers a part of a review at this moment (R7, R10)."""
    theirs = isinstance(about, PartOfReview) and about.reviewer == actor.uid
    return signed_in(actor, about, now) or ("" if theirs else _("This is asked of somebody else."))


def answers_review(actor: Actor, about: Resource, now: int) -> str:
    """Nobody about their own access; whoever granted it alone is one of about.firsts (R6)."""
    if said := asked_in_review(actor, about, now):
        return said
    if not isinstance(about, OfPerson):
        return NOT_KNOWN
    return _("Nobody decides about their own access.") if about.is_about(actor) else ""


def by_mandate(actor: Actor, about: Resource, now: int) -> str:
    """Whoever could have asked for one; which one, and how far, is for guard.permit_under (E2)."""
    if said := looks(actor, about, now):
        return said
    if not isinstance(about, OfPerson):
        return NOT_KNOWN
    return "" if about.person == actor.uid else _("This is somebody else's mandate.")


def feeds(actor: Actor, _about: Resource, _now: int) -> str:
    """What a personnel system says by itself; nobody signs in as one."""
    return "" if actor.machine and actor.uid.startswith("feed:") else "Only a personnel system does this."


def looks_at_files(actor: Actor, about: Resource, now: int) -> str:
    """The head or a deputy of the sender's department, or of one above it; and the sender, where nobody is above them in this
    (P-22)."""
    if said := signed_in(actor, about, now):
        return said
    if not isinstance(about, Files):
        return NOT_KNOWN
    if about.is_about(actor):
        return "" if about.alone and about.person == actor.uid else _("Nobody approves files that they send themselves.")
    if about.department and about.department in actor.departments:
        return ""
    return _("Only the head or a deputy of the sender's department, or the next head up, decides about files.")


def approves_files(actor: Actor, about: Resource, now: int) -> str:
    """The same, but of the sender's own files the sender alone: no deputy answers for a head, nor a head for who was elected."""
    if said := looks_at_files(actor, about, now):
        return said
    mine = isinstance(about, Files) and (not about.alone or about.person == actor.uid)
    return "" if mine else _("Whoever sent these files decides about them, with a reason.")


office = duty("access-officer")
looks = one_of(duty("examiner", "records-officer", "city-attorney"), office, heads)
second = duty("examination-approver")
approves = duty("policy-approver", "policy-author")
writes_rules = one_of(approves, duty("security-officer"))
reviews = duty("use-reviewer")
department_or_office = one_of(decides, office)
