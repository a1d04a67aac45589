"""Grounds and states of legal holds. Pure."""

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
