"""Registry of the network checks: (name in settings.screening.checks or enabled_checks.ADDRESSED, module).

They need another program or the network, and run concurrently in the gateway, each within its time limit.
"""

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
