"""The checks that need the bytes, in order: (name in settings.screening.checks, module). They run in the limited process, with no
network and no files; the gateway does not import this module."""

from __future__ import annotations

from civicmail.mail.screening import files, form, leaving, links, phishing, places, signatures, tokens
from civicmail.mail.screening.chosen import InnerCheck
from civicmail.mail.screening.confidential import check as confidential
from civicmail.mail.screening.use import words

CHECKS: tuple[tuple[str, InnerCheck], ...] = (
    ("", form),
    ("authentication", signatures),
    ("confidential", confidential),
    ("use", words),
    ("files", files),
    ("files", leaving),
    ("links", links),
    ("links", phishing),
    ("", places),
    ("spam", tokens),
)  # fmt: skip
