"""Auditors review content views; each review is an audit entry, and nothing else changes (I3)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from civicmail.city.guard.actions.entries import enter
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.models import Entry
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason as require_reason
from civicmail.city.guard.resources import OwnCase
from civicmail.desk.oversight.queries.content_views import MARK, marks_of, sample_of


def about(reveal: Entry) -> OwnCase:
    """Resource of the review: not by the person who viewed."""
    return OwnCase(reveal.person, first_actors=(reveal.person,), began_ms=reveal.at)


def mark(reveal: Entry, week: str, *, actor: Actor, remark: str, now: datetime) -> Entry:
    """Record the review of a reveal in the weekly sample, with a remark. Raises NotPermitted, Unusable, and Conflict if it was
    not drawn or was reviewed already."""
    four_eyes.require(actor, "viewings.mark", about(reveal), now=epoch_ms(now))
    remark = require_reason(remark, "remark")
    with transaction.atomic():
        Entry.objects.select_for_update().get(pk=reveal.pk)  # two auditors at once: the second one sees the first one's mark
        drawn = sample_of(week, now)
        if drawn is None or reveal.pk not in {e.pk for e, _ in drawn.drawn}:
            raise Conflict("This look is not in the sample of that week.")
        if marks_of([str(reveal.uuid)]):
            raise Conflict("Not saved: this view was reviewed already.")
        facts = {"week": week, "of": len(drawn.drawn), "reveals": drawn.reveals}
        return enter(
            MARK, actor=actor, reason=remark, now=epoch_ms(now), object=f"entry:{reveal.uuid}", role="auditor", facts=facts
        )
