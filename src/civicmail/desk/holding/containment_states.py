"""States of a contained account: FROM, action, TO, and the permission. Pure.

held -> locked -> released
held -> released
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels
from civicmail.core.config.sentence import sentence as _

State = Literal["held", "locked", "released"]

OPEN: frozenset[str] = frozenset({"held", "locked"})
"""All mail of the account is held."""
STATES = labels("held", "locked", "released")
STEPS: tuple[Transition[State], ...] = (
    Transition("held", "lock", "locked", "containment.lock"),
    Transition("held", "release", "released", "containment.release"),
    Transition("locked", "release", "released", "containment.release"),
)
TABLE = StateTable[State](
    STEPS, lambda state: f"This account is in another state by now ({STATES[state][1].lower()}). Reload the page."
)
step = TABLE.step

SIGNS = {
    "outside": _("more recipients outside within an hour than usual"),
    "inside": _("more recipients in the city within an hour than usual"),
    "domains": _("many domains within an hour to which it had never written"),
    "same": _("many messages within an hour that say the same"),
    "night": _("much mail at an hour at which it never sends"),
    "places": _("much mail from a new network while another one was in use"),
    "held": _("mail that is unlike its owner"),
    "budget": _("more within an hour than this service sends"),
}
"""Anomalies (mail/pipeline/baseline.py) in words."""
