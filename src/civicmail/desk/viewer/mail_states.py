"""States of mail as every page, list, CSV file and operation shows them. Pure.

COPIES: of one recipient's copy (mail/archive/envelopes.State), of a held one by what it is held as (its disposition), and of one
that was taken out of its mailbox. MESSAGES: of a whole message (envelopes.Status).
"""

from __future__ import annotations

from civicmail.city.pages.states import Label, labels

COPIES = labels(
    "delivered",
    "deferred",
    "held",
    "failed",
    waiting="queued",
    trying="sending",
    pending="checking",
    quarantine="quarantined",
    hold="held",
    cancelled="canceled",
    kept="archived",
    refused="rejected",
    pulled="removed",
    taking="removing",
)
MESSAGES = labels("accepted", "delivered", "held", "failed", waiting="queued", kept="archived", refused="rejected")


def held_label(disposition: str) -> Label:
    """Of a copy that is held. What a record of another program calls otherwise is held, too."""
    return COPIES.get(disposition, COPIES["held"])
