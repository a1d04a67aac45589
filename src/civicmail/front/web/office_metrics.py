"""Metrics from the database: audit entries, access changes, pending approvals. No names."""

from __future__ import annotations

from django.db import Error as DatabaseFault
from django.db import close_old_connections

from civicmail.city.guard.actions.entries import lag_ms
from civicmail.city.identity.actions.publishing import publication_lag_ms
from civicmail.core.disk.metrics import Values
from civicmail.desk.holding.queries import waiting_approvals


def values(now: int) -> Values:
    """now: epoch ms. Whether the database answers, and its gauges. A failed connection is dropped."""
    try:
        return {("civicmail_database_up", ()): 1, **_counts(now)}
    except DatabaseFault:
        return {("civicmail_database_up", ()): 0}
    finally:
        close_old_connections()


def _counts(now: int) -> Values:
    waiting = waiting_approvals(now)
    return {
        ("civicmail_entries_lag_seconds", ()): lag_ms(now) / 1000,
        ("civicmail_changes_lag_seconds", ()): publication_lag_ms(now) / 1000,
        ("civicmail_approvals_waiting", ()): waiting["approvals"],
        ("civicmail_approvals_oldest_age_seconds", ()): waiting["oldest"],
    }
