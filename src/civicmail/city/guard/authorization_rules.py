"""Authorization rules for the acts in permissions.py. Pure.

A rule returns an empty string for yes, else the sentence for the person.
"""

from __future__ import annotations

from collections.abc import Callable

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import (
    Employment,
    ExternalAccount,
    GrantOn,
    InDepartment,
    MailboxIn,
    OfPerson,
    OutboundFiles,
    PartOfReview,
    Resource,
)
from civicmail.city.guard.roles import ROLES, Role
from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _

Rule = Callable[[Actor, Resource, int], str]

NOT_KNOWN = _("It is not known whom this is about, so it is refused.")
"""What a rule says of a resource without a fact that it needs."""


def _department(resource: Resource) -> str:
    """Code of the owning department; "" is of none, and only who decides for all of them decides for it."""
    return resource.department if isinstance(resource, InDepartment) else ""


def anybody(_actor: Actor, _resource: Resource, _now: int) -> str:
    return ""


def signed_in(actor: Actor, _resource: Resource, _now: int) -> str:
    return "" if actor.uid and not actor.machine else _("Sign in first.")


def own(actor: Actor, resource: Resource, now: int) -> str:
    if refusal := signed_in(actor, resource, now):
        return refusal
    if not isinstance(resource, OfPerson):
        return NOT_KNOWN
    return "" if resource.person == actor.uid else _("This belongs to another person.")


def decides(actor: Actor, resource: Resource, now: int) -> str:
    if refusal := signed_in(actor, resource, now):
        return refusal
    return (
        "" if actor.decides_for(_department(resource)) else _("Only the department's head, a deputy or an authorizer decides this.")
    )


def answers_request(actor: Actor, resource: Resource, now: int) -> str:
    """Requester, approver and holder are three people (M3); the requester is one of first_actors."""
    if refusal := decides(actor, resource, now):
        return refusal
    if not isinstance(resource, OfPerson):
        return NOT_KNOWN
    return _("You cannot approve access for yourself.") if resource.is_about(actor) else ""


def answers_higher(actor: Actor, resource: Resource, now: int) -> str:
    """Decides one level higher: department is the one above (C4)."""
    if refusal := signed_in(actor, resource, now):
        return refusal
    if not isinstance(resource, OfPerson):
        return NOT_KNOWN
    if resource.is_about(actor):
        return _("You cannot approve access for yourself.")
    if not office(actor, resource, now) or (_department(resource) and actor.decides_for(_department(resource))):
        return ""
    return _("After a violation, the next head up or the access office decides.")


def records(actor: Actor, resource: Resource, now: int) -> str:
    """Sponsor, authorizer or access officer (P-09)."""
    if refusal := signed_in(actor, resource, now):
        return refusal
    if not isinstance(resource, Employment):
        return NOT_KNOWN
    if resource.is_about(actor):
        return _("Nobody does this to themselves.")
    sponsors = resource.sponsor != "" and actor.uid == resource.sponsor
    if sponsors or actor.decides_for(_department(resource)) or not office(actor, resource, now):
        return ""
    return _("Only the sponsor of the contract, the department or the access office records this.")


def asks_for(actor: Actor, resource: Resource, now: int) -> str:
    if refusal := signed_in(actor, resource, now):
        return refusal
    if not isinstance(resource, OfPerson):
        return NOT_KNOWN
    if resource.is_about(actor):
        return _("Your supervisor asks for your access.")
    if resource.person in actor.supervises or actor.decides_for(_department(resource)) or not office(actor, resource, now):
        return ""
    return _("Only a supervisor, the department or the access office asks for somebody's access.")


def asks_for_grant(actor: Actor, resource: Resource, now: int) -> str:
    """A mailbox owner may also request a delegate."""
    if isinstance(resource, GrantOn) and actor.uid and resource.holder == actor.uid != resource.person:
        return ""
    return asks_for(actor, resource, now)


def joined_names(roles: tuple[Role, ...]) -> Sentence:
    names = ROLES[roles[0]].name.lower()
    for role in roles[1:]:
        names = _("{one} or {other}", one=names, other=ROLES[role].name.lower())
    return names


def _activate_first(name: str) -> Sentence:
    return _("Activate the role {role} first, with a reason.", role=name)


def needs_activation(refusal: str) -> bool:
    """Whether a rule requires the activation of an assigned role first."""
    return isinstance(refusal, Sentence) and refusal.text == _activate_first("").text


def role(*roles: Role) -> Rule:
    """Has one of these roles; a privileged one must be activated (D4)."""

    def rule(actor: Actor, resource: Resource, now: int) -> str:
        if refusal := signed_in(actor, resource, now):
            return refusal
        held = [d for d in roles if actor.holds(d, _department(resource))]
        if not held:
            return _("This needs the role {role}.", role=joined_names(roles))
        if all(ROLES[d].privileged and not actor.has_activated(d, now) for d in held):
            return _activate_first(ROLES[held[0]].name.lower())
        return ""

    return rule


def assigned(*roles: Role) -> Rule:
    """Has one of these roles, activated or not: for pages that only say how things stand."""

    def rule(actor: Actor, resource: Resource, now: int) -> str:
        if refusal := signed_in(actor, resource, now):
            return refusal
        if any(actor.holds(d, _department(resource)) for d in roles):
            return ""
        return _("This needs the role {role}.", role=joined_names(roles))

    return rule


def one_of(*rules: Rule) -> Rule:
    """Permitted if any of the rules permits; else the reason that names a role to activate, else that a fact is missing, else the
    first rule's."""

    def rule(actor: Actor, resource: Resource, now: int) -> str:
        refusals = [r(actor, resource, now) for r in rules]
        if "" in refusals:
            return ""
        return next(filter(needs_activation, refusals), NOT_KNOWN if NOT_KNOWN in refusals else refusals[0])

    return rule


def not_for_oneself(allowed: Rule) -> Rule:
    def rule(actor: Actor, resource: Resource, now: int) -> str:
        if refusal := allowed(actor, resource, now):
            return refusal
        if not isinstance(resource, OfPerson):
            return NOT_KNOWN
        return _("Nobody does this to themselves.") if resource.is_about(actor) else ""

    return rule


def holds(actor: Actor, resource: Resource, now: int) -> str:
    """The holder of the mailbox that it is about."""
    is_holder = isinstance(resource, OfPerson) and resource.person == actor.uid
    return signed_in(actor, resource, now) or ("" if is_holder else _("This mailbox belongs to another person."))


def sends(actor: Actor, resource: Resource, now: int) -> str:
    """Whoever may send from the mailbox of a function that it is about, at this moment (M5)."""
    may_send = isinstance(resource, MailboxIn) and actor.uid in resource.senders
    return signed_in(actor, resource, now) or ("" if may_send else _("This mailbox belongs to another person."))


def answers_for(actor: Actor, resource: Resource, _now: int) -> str:
    """Whoever answers for a door that is not ours."""
    is_responsible = isinstance(resource, ExternalAccount) and actor.uid and actor.uid == resource.responsible
    return "" if is_responsible else _("Only who answers for this door, or the access office, does this.")


def heads(actor: Actor, resource: Resource, now: int) -> str:
    """Head or deputy, by office (P-16: departmental management)."""
    return signed_in(actor, resource, now) or (
        "" if actor.departments else _("Only the head of a department, or a deputy, does this.")
    )


def leads(actor: Actor, resource: Resource, now: int) -> str:
    """Head or deputy of this very department, by office: an authorizer by role does not answer for it (P-28)."""
    return signed_in(actor, resource, now) or (
        "" if _department(resource) in actor.departments else _("Only the head of the department, or a deputy, does this.")
    )


def reviews_part(actor: Actor, resource: Resource, now: int) -> str:
    """Whoever answers a part of a review at this moment (R7, R10)."""
    is_reviewer = isinstance(resource, PartOfReview) and resource.reviewer == actor.uid
    return signed_in(actor, resource, now) or ("" if is_reviewer else _("Another person must answer this."))


def answers_review(actor: Actor, resource: Resource, now: int) -> str:
    """May review access: never one's own; a sole grantor is one of first_actors (R6)."""
    if refusal := reviews_part(actor, resource, now):
        return refusal
    if not isinstance(resource, OfPerson):
        return NOT_KNOWN
    return _("Nobody decides about their own access.") if resource.is_about(actor) else ""


def by_mandate(actor: Actor, resource: Resource, now: int) -> str:
    """Anyone who may request an examination; guard.permit_under checks which one, and its scope (E2)."""
    if refusal := may_examine(actor, resource, now):
        return refusal
    if not isinstance(resource, OfPerson):
        return NOT_KNOWN
    return "" if resource.person == actor.uid else _("This mandate belongs to another person.")


def feeds(actor: Actor, _resource: Resource, _now: int) -> str:
    """Automatic reports of a personnel system; no person signs in as one."""
    return "" if actor.machine and actor.uid.startswith("feed:") else "Only a personnel system does this."


def looks_at_files(actor: Actor, resource: Resource, now: int) -> str:
    """The head or a deputy of the sender's department, or of one above it; and the sender, if they have no superior in this
    (P-22)."""
    if refusal := signed_in(actor, resource, now):
        return refusal
    if not isinstance(resource, OutboundFiles):
        return NOT_KNOWN
    if resource.is_about(actor):
        return "" if resource.alone and resource.person == actor.uid else _("You cannot approve files that you send yourself.")
    if resource.department and resource.department in actor.departments:
        return ""
    return _("Only the head or a deputy of the sender's department, or the next head up, decides about files.")


def approves_files(actor: Actor, resource: Resource, now: int) -> str:
    """The same, but of the sender's own files the sender alone: no deputy answers for a head, nor a head for who was elected."""
    if refusal := looks_at_files(actor, resource, now):
        return refusal
    is_own_decision = isinstance(resource, OutboundFiles) and (not resource.alone or resource.person == actor.uid)
    return "" if is_own_decision else _("The sender of these files decides about them, with a reason.")


office = role("access-officer")
may_examine = one_of(role("examiner", "records-officer", "city-attorney"), office, heads)
sets_up = assigned("access-officer", "system-administrator")
second = role("examination-approver")
approves = role("policy-approver", "policy-author")
writes_rules = one_of(approves, role("security-officer"))
reviews = role("use-reviewer")
department_or_office = one_of(decides, office)
