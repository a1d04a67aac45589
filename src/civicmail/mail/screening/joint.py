"""The checks that need what was seen and what the city knows, in order: (name in settings.screening.checks, module). Pure; they run
one after the other in the gateway, and each is told what those before it found.

What a check knows of single recipients it says in more["recipients"]: {address as in the envelope, lower case: {fact: value}}.
"""

from __future__ import annotations

from civicmail.mail.screening import displaynames, exact, known, leaves, nearly, others, spam, webmail
from civicmail.mail.screening.chosen import JointCheck
from civicmail.mail.screening.confidential import exact as exact_lists
from civicmail.mail.screening.use import signals

CHECKS: tuple[tuple[str, JointCheck], ...] = (
    ("", exact),
    ("spam", known),
    ("", others),
    ("spam", spam),
    ("spam", nearly),
    ("names", displaynames),
    ("use", webmail),
    ("files", leaves),
    ("confidential", exact_lists),
    ("use", signals),
)  # fmt: skip
