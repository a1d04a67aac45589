"""The checks that need another program or the network: (name in settings.screening.checks or chosen.ADDRESSED, module). They run
side by side in the gateway, each within its budget."""

from __future__ import annotations

from civicmail.mail.screening import authentication, clamav, rspamd, spamassassin
from civicmail.mail.screening.confidential import scans
from civicmail.mail.screening.enabled_checks import NetworkCheck

CHECKS: tuple[tuple[str, NetworkCheck], ...] = (
    ("authentication", authentication),
    ("confidential", scans),
    ("clamav", clamav),
    ("rspamd", rspamd),
    ("spamd", spamassassin),
)  # fmt: skip
