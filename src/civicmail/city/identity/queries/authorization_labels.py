"""Labels and color roles of authorization states."""

from __future__ import annotations

from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from civicmail.city.identity.models import Authorization

WORDS: dict[str, tuple[str, Promise]] = {
    "asked": ("wait", _("Asked")),
    "approved": ("done", _("Approved")),
    "active": ("plain", _("Active")),
    "suspended": ("lock", _("Suspended")),
    "expired": ("quiet", _("Expired")),
    "revoked": ("stop", _("Ended")),
    "refused": ("stop", _("Refused")),
    "withdrawn": ("quiet", _("Withdrawn")),
}
"""State -> (role, word). What is as it should be is plain text, so that the others stand out."""


ROLES = {
    "holder": _("holder"),
    "delegate": _("delegate"),
    "successor": _("successor"),
    "service": _("machine"),
}
"""As what somebody uses a mailbox."""


def state_label(state: str) -> tuple[str, str]:
    """In the language of the page."""
    role, word = WORDS.get(state, ("quiet", state.capitalize()))
    return role, str(word)


def role_label(of_: Authorization) -> str:
    """The role of an act, in the language of the page."""
    return str(ROLES.get(of_.role, of_.role))


def current_state(a: Authorization, now: datetime) -> tuple[str, str]:
    """The state of an authorization: expired after its date, whatever the sweep has done."""
    return state_label("expired") if a.state in ("active", "suspended") and a.until <= now else state_label(a.state)
