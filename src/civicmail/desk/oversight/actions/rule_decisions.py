"""A second person decides on a version of a rule, never one of its authors (P-29)."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from civicmail.city.directory.models import Person
from civicmail.city.guard.actions.acting import acting_person, lock_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason as require_reason
from civicmail.city.guard.resources import Decision
from civicmail.city.identity.actions.decision_notices import notify_of_decision
from civicmail.desk.oversight import rule_text
from civicmail.desk.oversight.actions.publish_rules import activate, active_texts, enter, step_version
from civicmail.desk.oversight.models import Version


def require_second(version: Version, actor: Actor, now: int) -> None:
    """Raise NotPermitted unless the actor decides on rules and did not write in this one."""
    four_eyes.require(actor, "rule.decide", resource(version), now=now)


def resource(version: Version) -> Decision:
    """The resource of the decision, which no author of this version may make."""
    return Decision(first_actors=tuple(version.authors) or ("",), began_ms=epoch_ms(version.made))


def decide(version: Version, is_approved: bool, *, actor: Actor, reason: str, now: int) -> Version:
    """Approve or deny it. Raises NotPermitted, Unusable, Conflict."""
    return (approve if is_approved else deny)(version, actor=actor, reason=reason, now=now)


def approve(version: Version, *, actor: Actor, reason: str, now: int) -> Version:
    """Approve it: it acts from its day on, or at once if none is set. version: as it was shown. Raises NotPermitted, Unusable,
    Conflict."""
    require_second(version, actor, now)
    reason = require_reason(reason, min_length=10)
    with transaction.atomic():
        row = _proposed(version, actor, now)
        if not row.ends:
            rule_text.join_texts(active_texts() | {row.rule: row.text})  # rules that came meanwhile may not go with it
        step_version(row, "approve", now, reason)
        row.approver, row.decided = acting_person(actor), from_ms(now)
        row.save()
        enter("rule.approve", row, actor, reason, now)
        _notify_authors(row, "approved", reason, now)
        if row.starts is None or row.starts <= from_ms(now):
            activate(row, now)
    return row


def deny(version: Version, *, actor: Actor, reason: str, now: int) -> Version:
    """Deny it; its author reads the reason. Raises NotPermitted, Unusable, Conflict."""
    require_second(version, actor, now)
    reason = require_reason(reason, min_length=10)
    with transaction.atomic():
        row = _proposed(version, actor, now)
        step_version(row, "refuse", now, reason)
        row.approver, row.decided = acting_person(actor), from_ms(now)
        row.save()
        enter("rule.refuse", row, actor, reason, now)
        _notify_authors(row, "denied", reason, now)
    return row


def _notify_authors(row: Version, decision: str, reason: str, now: int) -> None:
    subject = f"Version {row.number} of the rule {row.rule} was {decision}"
    lines = [f"{row.approver} has decided on version {row.number} of the rule {row.rule}: {decision}.", f"Reason: {reason}"]
    path = reverse("rule-version", args=[row.rule, row.number])
    authors = Person.objects.filter(uid__in=row.authors)
    notify_of_decision(authors, f"rule-decided:{row.rule}:{row.number}:{decision}", subject, lines, path, now=now)


def _proposed(version: Version, actor: Actor, now: int) -> Version:
    row = lock_row(version, "state", "revision")
    if row.state != "proposed":
        raise Conflict("No decision about this version is pending. Reload the page.")
    require_second(row, actor, now)
    return row
