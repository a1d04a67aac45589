"""The mailboxes that a capture belongs to, by the evidence of its receipt and never by its header (promise 4). Pure.

The sender writes the header. The evidence is the signed-in person, the checked sender of a peer with a scope (P-14), or our own
mail; for imported mail it is the custodian.
"""

from __future__ import annotations

from civicmail.core.wire.paths import without_detail
from civicmail.mail.archive.copies import HELD
from civicmail.mail.archive.records import Capture

ASSERTED = "asserted"
"""Code of the finding that the sender of a relayed message was in the scope of its peer."""
_KEPT_BACK = HELD | {"refuse"}


def sent_by(capture: Capture) -> str:
    """The address of the sending mailbox, lower case and without a subaddress (RFC 5233); empty if only the message itself names
    it."""
    e = capture.envelope
    match capture.source.kind:
        case "submission":
            known = bool(e.login) and not any(rule.startswith("envelope-") for d in capture.dispositions for rule in d.rules)
        case "relay":
            from civicmail.city.snapshot.sender_alignment import CHECK  # callers that read other mail start sooner without it

            known = any(f.check == CHECK and f.code == ASSERTED for f in capture.findings)
        case "local":
            known = True
        case _:
            return ""
    if not known:
        return ""
    return without_detail(e.sender.lower())


def withheld_from(capture: Capture) -> list[tuple[str, str, str]]:
    """Copies that were withheld on arrival: recipient's address, mailbox (may be empty), action. Includes other names of the same
    mailbox, which get no copy of their own."""
    to = capture.envelope.recipients
    withheld = [(to[d.to].address, to[d.to].box, d.do) for d in capture.dispositions if d.do in _KEPT_BACK and d.to < len(to)]
    if not withheld:
        return []
    boxes = {box or address.lower() for address, box, _ in withheld}
    names = [to[d.to] for d in capture.dispositions if d.do not in _KEPT_BACK and d.to < len(to)]
    return withheld + [(r.address, r.box, "") for r in names if (r.box or r.address.lower()) in boxes]
