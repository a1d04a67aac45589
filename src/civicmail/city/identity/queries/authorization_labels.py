"""Labels and color roles of authorization states."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from civicmail.city.identity.authorization_states import WORDS
from civicmail.city.identity.models import Authorization
from civicmail.city.pages.states import Label

ROLES = {
    "holder": _("holder"),
    "delegate": _("delegate"),
    "successor": _("successor"),
    "service": _("machine"),
}
"""As what somebody uses a mailbox."""


def role_label(of_: Authorization) -> str:
    """The role of an act, in the language of the page."""
    return str(ROLES.get(of_.role, of_.role))


def current_state(a: Authorization, now: datetime) -> Label:
    """The state of an authorization: expired after its date, whatever the sweep has done."""
    return WORDS["expired" if a.state in ("active", "suspended") and a.until <= now else a.state]
