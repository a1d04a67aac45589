"""Grounds and states of legal holds, and states of retention schedules. Pure."""

from __future__ import annotations

from civicmail.city.pages.states import labels

HOLD = labels("active", "ended")
GROUNDS = {
    "request": "Request for records",
    "litigation": "Litigation",
    "claim": "Claim",
    "audit": "Audit",
    "other": "Other",
}
"""Ground, as the archive has it -> words."""
SCHEDULE = labels("active", "expired", notice="pending")
"""Notice: the State Historical Society was not notified 60 days ago. Only of an active one is anything disposed of."""
