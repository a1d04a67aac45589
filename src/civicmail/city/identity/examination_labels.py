"""How states of examinations, of their changes, and of what is in force before a second person has agreed are shown. Pure."""

from __future__ import annotations

from civicmail.city.pages.states import labels

EXAMINATIONS = labels(
    "approved", "urgent", "closed", "ended", "withdrawn", asked="pending", open="active", refused="denied", lapsed="expired"
)
CHANGES = labels("approved", "withdrawn", asked="pending", refused="denied", lapsed="expired")
RATIFICATIONS = labels("ratified", due="urgent", overdue="unanswered", rejected="overturned")
"""Of urgent examinations and emergency rules."""
