"""Registry of the content checks, in order: (name in settings.screening.checks, module).

They need the bytes and run in the sandboxed process, without network and files. The gateway does not import this module.
"""

from __future__ import annotations

from civicmail.mail.screening import files, header_facts, link_targets, links, outbound_files, phishing, signatures, tokens
from civicmail.mail.screening.confidential import check as confidential
from civicmail.mail.screening.enabled_checks import ContentCheck
from civicmail.mail.screening.use import words

CHECKS: tuple[tuple[str, ContentCheck], ...] = (
    ("", header_facts),
    ("authentication", signatures),
    ("confidential", confidential),
    ("use", words),
    ("files", files),
    ("files", outbound_files),
    ("links", links),
    ("links", phishing),
    ("", link_targets),
    ("spam", tokens),
)  # fmt: skip
