"""The checks that need what was seen and what the city knows, in order: (name in settings.screening.checks, module). Pure; they run
one after the other in the gateway, and each is told what those before it found.

What a check knows of single recipients it says in more["recipients"]: {address as in the envelope, lower case: {fact: value}}.
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
