"""Second readers: what a code, a reviewer or a sample gives to a second person, and their answer (P-21)."""

from __future__ import annotations

from hashlib import sha256

from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, field_error
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.resources import Decision as TwoPeople
from civicmail.city.guard.roles import ROLES
from civicmail.desk.records.actions.decisions import approvals
from civicmail.desk.records.actions.desk_work import enter, reviewing
from civicmail.desk.records.models import Assignment, Decision, Item, Request


def ask(request: Request, item: Item, *, actor: Actor, now: int) -> str:
    """Give an item to the second reader of the request: its decision is to be confirmed, or it is theirs to decide. Returns who
    it is. Raises NotPermitted, Conflict."""
    with reviewing(request, actor, now) as (row, _):
        second = Assignment.objects.filter(request=row, role="second", until__isnull=True).select_related("person").first()
        if second is None:
            raise Conflict(f"Request {row.number} has no second reader. Assign one first.")
        decided = Decision.objects.filter(request=row, content=item.content, replaced__isnull=True)
        decided.update(second_asked=True, confirmed_by=None, confirmed=None)
        Item.objects.filter(request=row, content=item.content).update(reader=second.person)
        enter("records.second-asked", row, actor=actor, now=now, item=item.number)
    return str(second.person)


def resource_of(decision: Decision) -> TwoPeople:
    """A decision as what a second person confirms."""
    return TwoPeople(first_actors=(decision.by.uid,), began_ms=epoch_ms(decision.at))


def confirm(request: Request, item: Item, *, actor: Actor, now: int) -> Decision:
    """Agree with the decision on an item, as a second person: of the role that a code needs, if one does. Raises NotPermitted,
    Conflict."""
    with reviewing(request, actor, now) as (row, me):
        decisions = Decision.objects.filter(request=row, content=item.content, replaced__isnull=True).select_related("by")
        decision = decisions.first()
        if decision is None or not decision.second_asked:
            raise Conflict("Nothing here waits for a second reader. Reload the page.")
        four_eyes.require(actor, "records.second", resource_of(decision), now=now)
        for role in approvals(row, decision.content, decision.verdict, decision.code):
            if not actor.has_activated(role, now):
                raise NotPermitted(f"This decision takes the {str(ROLES[role].name).lower()}: its code needs that approval.")
        save_values(decision, confirmed_by=me, confirmed=from_ms(now))
        enter("records.confirmed", row, actor=actor, now=now, item=item.number, decision=decision.pk)
    return decision


def sample(request: Request, percent: int, *, actor: Actor, now: int) -> int:
    """Draw a sample of what is released in full for the second reader. Who decides cannot know what will be drawn, and a second
    drawing of the same share draws the same. Returns how many were drawn. Raises NotPermitted, Conflict, Unusable."""
    if not 1 <= percent <= 100:
        raise field_error("percent", "From 1 to 100 percent.")
    with reviewing(request, actor, now) as (row, _):
        released = list(Decision.objects.filter(request=row, verdict="release", replaced__isnull=True))
        released.sort(key=lambda decision: sha256(f"{row.number}:{decision.content}".encode()).digest())
        drawn = released[: -(-len(released) * percent // 100)]
        Decision.objects.filter(pk__in=[d.pk for d in drawn if d.confirmed is None]).update(second_asked=True)
        enter("records.sampled", row, actor=actor, now=now, percent=percent, decisions=len(drawn))
    return len(drawn)
