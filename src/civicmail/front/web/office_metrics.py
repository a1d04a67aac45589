"""Metrics from the database: audit entries, access changes, pending approvals. No names."""

from __future__ import annotations

from django.db import Error as DatabaseFault
from django.db import close_old_connections
from django.db.models import Min

from civicmail.city.guard.actions.entries import lag_ms
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.actions.publishing import publication_lag_ms
from civicmail.core.disk.metrics import Values
from civicmail.desk.holding.models import Approval


def values(now: int) -> Values:
    """now: epoch ms. Whether the database answers, and its gauges. A failed connection is dropped."""
    try:
        return {("civicmail_database_up", ()): 1, **_counts(now)}
    except DatabaseFault:
        return {("civicmail_database_up", ()): 0}
    finally:
        close_old_connections()


def _counts(now: int) -> Values:
    waiting = Approval.objects.filter(copies__state="waits").order_by()
    oldest = waiting.aggregate(oldest=Min("made"))["oldest"]
    return {
        ("civicmail_entries_lag_seconds", ()): lag_ms(now) / 1000,
        ("civicmail_changes_lag_seconds", ()): publication_lag_ms(now) / 1000,
        ("civicmail_approvals_waiting", ()): waiting.distinct().count(),
        ("civicmail_approvals_oldest_age_seconds", ()): max(0, now - epoch_ms(oldest)) / 1000 if oldest else 0,
    }
