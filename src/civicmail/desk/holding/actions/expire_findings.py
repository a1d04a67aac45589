"""Delete unconfirmed findings, and put rules that were wrong more often than right into shadow. The worker does both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import F

from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import machine
from civicmail.city.guard.epoch import from_ms
from civicmail.desk.holding import queries, record_facts
from civicmail.desk.holding.actions.review_findings import KEPT_STATES
from civicmail.desk.holding.models import Finding, Precision

KEEP_DAYS = 30
MIN_ANSWERS = 20
"""Answers that make the precision of a rule known."""
BATCH_SIZE = 500
TICK = machine("tick")

SwitchToShadow = Callable[[str, str, int], bool]
"""Puts a rule in shadow: (rule, why, now) -> whether it acted until now; the rule book's verb."""


def expire(now: int) -> int:
    """Delete findings that were not confirmed within thirty days, with their evidence; return how many."""
    with transaction.atomic():
        expired = (
            Finding.objects.select_for_update()
            .exclude(state__in=KEPT_STATES)
            .filter(made__lte=from_ms(now) - timedelta(days=KEEP_DAYS))
        )
        rows = list(expired.order_by("id")[:BATCH_SIZE])
        audit_objects = [(f"capture:{row.capture}", {"finding": row.pk, "rule": row.rule, "answer": row.state}) for row in rows]
        entries.enter_each("finding.vanish", audit_objects, actor=TICK, reason="nobody has confirmed it", now=now)
        Finding.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def switch_off_imprecise(switch: SwitchToShadow, now: int) -> int:
    """Put rules in shadow of which reviewers confirmed less than half, of twenty answers or more; return how many."""
    done = 0
    for row in Precision.objects.filter(off__isnull=True, answered__gte=MIN_ANSWERS, answered__gt=2 * F("confirmed")):
        if record_facts.condition_digest(queries.rule_set().rule(row.rule)) != row.condition:
            continue  # the rule's condition has changed, and its precision is unknown so far
        why = f"Reviewers found {row.confirmed} of {row.answered} findings right, less than half."
        with transaction.atomic():
            done += switch(row.rule, why, now)
            Precision.objects.filter(pk=row.pk).update(off=from_ms(now))
    return done
