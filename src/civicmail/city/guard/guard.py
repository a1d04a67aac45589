"""The guard: the only place that decides whether an actor may perform an act on a resource, and that issues permits (P-16, P-17;
promise 4).

`may` is pure and reads the table of permissions; pages, API, CLI and every verb call it. `permit` opens content: an entry about the
content view is durable before the permit exists (E6).

An installation is *unclaimed* until the first role is assigned: until then only the operating system's user who owns the data
folder may use content verbs, and every use writes an entry too.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civicmail.city.guard import examination_grounds, four_eyes
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.authorization_rules import NOT_KNOWN
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.mandates import Mandate
from civicmail.city.guard.permissions import PERMISSIONS, UNDER_A_MANDATE, Permission
from civicmail.city.guard.permits import _MADE_BY_GUARD, Permit
from civicmail.city.guard.resources import CITY, Decision, OfPerson, Resource
from civicmail.core.config.sentence import sentence

Entry = Callable[[dict[str, Any]], str]
"""Makes an entry durable and returns where it stands ("journal:number"). Facts are text and whole numbers."""


@dataclass(frozen=True, slots=True)
class AccessDecision:
    """Whether an act is permitted; else the reason, the policy clause and the contact."""

    allowed: bool
    reason: str = ""
    clause: str = ""
    contact: str = ""

    def __bool__(self) -> bool:
        return self.allowed


def may(actor: Actor, act: str, resource: Resource = CITY, *, now: int) -> AccessDecision:
    """Decide whether the actor may perform the act on the resource. now: epoch ms.

    Refused: acts that are not in the table, and resources without a fact that the rule reads.
    """
    rule = PERMISSIONS.get(act)
    if rule is None:
        return AccessDecision(False, f"Nobody may do {act}.")
    if actor.uid and not actor.machine and not actor.admitted and not rule.before_admission:
        return AccessDecision(False, sentence("Acknowledge the e-mail policy first."), "P-18", sentence("the access office"))
    refusal = rule.rule(actor, resource, now)
    if not refusal and not isinstance(resource, rule.resource):
        refusal = NOT_KNOWN
    if not refusal and rule.second_person:
        refusal = _second(actor, rule, resource, now)
    return AccessDecision(not refusal, refusal, rule.clause, rule.contact)


def could(actor: Actor, act: str, resource: Resource = CITY, *, now: int) -> AccessDecision:
    """Decide in advance, before the resource is known, whether to show a page, button or menu line.

    `may`, which every act calls, checks facts of the resource that are unknown here.
    """
    answer = may(actor, act, resource, now=now)
    return AccessDecision(True, "", answer.clause, answer.contact) if answer.reason == NOT_KNOWN else answer


def _second(actor: Actor, rule: Permission, resource: Resource, now: int) -> str:
    """Why the actor is no second person for an act that takes two; empty if they are."""
    if not isinstance(resource, Decision):
        return NOT_KNOWN
    return four_eyes.why_refused(
        actor.uid,
        resource.first_actors,
        resource.four_eyes,
        began=resource.began_ms,
        now=now,
        sentence=rule.second_person,
        alone=rule.alone,
    )


def require(actor: Actor, act: str, resource: Resource = CITY, *, now: int) -> None:
    """Raise NotPermitted with the reason unless the actor may. An act that takes two people is refused if facts about whether they
    are two were not loaded (queries/four_eyes.py)."""
    if not (answer := may(actor, act, resource, now=now)):
        raise NotPermitted(answer.reason)
    if isinstance(resource, Decision) and resource.first_actors and resource.four_eyes is None and PERMISSIONS[act].second_person:
        raise NotPermitted(four_eyes.UNKNOWN)


def require_could(actor: Actor, act: str, resource: Resource = CITY, *, now: int) -> None:
    """Raise NotPermitted with the sentence unless the actor could do this to something."""
    if not (answer := could(actor, act, resource, now=now)):
        raise NotPermitted(answer.reason)


def permit(
    actor: Actor, act: str, facts: dict[str, Any], *, role: str, reason: str, now: int, write: Entry, resource: Resource = CITY
) -> Permit:
    """A permit for one act without an examination: a reveal, a department's mode. facts: its object; write commits the entry in a
    transaction of its own and returns its place. Raises NotPermitted, also for acts that need an examination (E2), and errors of
    write: then nothing may be shown (E6)."""
    if act in UNDER_A_MANDATE:
        raise NotPermitted("Looking at other people's mail needs a mandate.")
    require(actor, act, resource, now=now)
    if not reason.strip():
        raise NotPermitted("Looking at mail needs a reason.")
    entry = write({"act": act, "person": actor.uid, "duty": role, "reason": reason, **facts})
    return Permit(actor.uid, role, reason, now, entry, _seal=_MADE_BY_GUARD)


def own_permit(actor: Actor, *, now: int) -> Permit:
    """A permit for the mail of the actor's own mailboxes, which content_views.own determines. Writes no entry: no other person's
    mail is viewed (promise 4). Raises NotPermitted."""
    require(actor, "my.mail", OfPerson(actor.uid), now=now)
    return Permit(actor.uid, "own", "own mail", now, "", _seal=_MADE_BY_GUARD)


def require_under(actor: Actor, mandate: Mandate, act: str, *, now: int) -> None:
    """Raise NotPermitted unless this is the actor's examination, live at this moment, still within the actor's permissions, and the
    act is one that it permits (E2, E5)."""
    if act not in UNDER_A_MANDATE:
        raise NotPermitted(f"A mandate is not for {act}.")
    require(actor, act, OfPerson(mandate.person), now=now)
    if not mandate.is_live(now):
        raise NotPermitted(f"Mandate {mandate.number} is not in force.")
    if refusal := examination_grounds.why_refused(actor, mandate.ground, mandate.role, mandate.departments, now):
        raise NotPermitted(refusal)


def permit_under(actor: Actor, mandate: Mandate, act: str, facts: dict[str, Any], *, now: int, write: Entry) -> Permit:
    """A permit for other people's mail. The entry, with the examination's number, is durable on return (E6). Raises NotPermitted,
    and errors of write."""
    require_under(actor, mandate, act, now=now)
    permit_facts = {"person": actor.uid, "duty": mandate.role, "reason": mandate.reason}
    entry = write({"act": act, **permit_facts, **facts, "mandate": mandate.number, "ground": mandate.ground})
    return Permit(actor.uid, mandate.role, mandate.reason, now, entry, mandate.number, _seal=_MADE_BY_GUARD)


def is_claimed(data: Path) -> bool:
    """Whether a role was ever assigned here. The marker is written before the assignment, so it is reliable after a crash too."""
    return (data / "claimed").exists()


def founder(data: Path, client: str = "") -> Actor:
    """The owner of an unclaimed data folder as an actor: does the access office's work until that role is assigned. Approves
    nothing, because that takes a person of the department. Raises NotPermitted."""
    if is_claimed(data):
        raise NotPermitted("This installation is claimed: its access officers do this.")
    name = owner(data)
    return Actor(f"os:{name}", name, (HeldRole("access-officer", active_until=FOREVER),), client=client)


def owner_permit(data: Path, verb: str, facts: dict[str, Any], *, reason: str, now: int, write: Entry) -> Permit:
    """A permit for the owner of an unclaimed data folder; its entry is durable on return.

    verb, facts: what will be viewed, such as a query or an id. Raises NotPermitted in a claimed installation, and for another user.
    """
    if is_claimed(data):
        raise NotPermitted("This installation is claimed: content needs --as PERSON --mandate NUMBER.")
    person = owner(data)
    entry = write({"act": verb, "person": person, "duty": "owner", "reason": reason, **facts})
    return Permit(person, "owner", reason, now, entry, _seal=_MADE_BY_GUARD)


def owner(data: Path) -> str:
    """Name of the operating system's user who runs this and owns the data folder. Raises NotPermitted for another user."""
    user = os.geteuid()
    if user != data.stat().st_uid:
        raise NotPermitted(f"Only the owner of {data} may do this.")
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"uid {user}"
