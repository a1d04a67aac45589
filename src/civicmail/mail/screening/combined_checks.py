"""Registry of the combined checks, in order: (name in settings.screening.checks, module).

They need the results of other checks and what the city knows. Pure; they run one after the other in the gateway, and each sees the
results of those before it. Facts of single recipients go to more["recipients"]: {envelope address, lower case: {fact: value}}.
"""

from __future__ import annotations

from civicmail.mail.screening import (
    displaynames,
    external_scores,
    indicators,
    known_senders,
    near_duplicate,
    outbound_approval,
    spam,
    webmail,
)
from civicmail.mail.screening.confidential import exact_match as exact_lists
from civicmail.mail.screening.enabled_checks import CombinedCheck
from civicmail.mail.screening.use import signals

CHECKS: tuple[tuple[str, CombinedCheck], ...] = (
    ("", indicators),
    ("spam", known_senders),
    ("", external_scores),
    ("spam", spam),
    ("spam", near_duplicate),
    ("names", displaynames),
    ("use", webmail),
    ("files", outbound_approval),
    ("confidential", exact_lists),
    ("use", signals),
)  # fmt: skip
