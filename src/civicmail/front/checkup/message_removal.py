"""Check that the mailbox server answers, so that delivered messages can be removed (P-31)."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.front.checkup.findings import Finding, Installation
from civicmail.mail.courier.imap_mailboxes import BadServer, ImapServer

CHECK = "taking mail back"
_ADVICE = "See docs/operate/incidents.md; until then a pull shuts My mail alone."


def message_removal(p: Installation) -> Iterator[Finding]:
    """Check that the mailbox server, if configured, accepts our sign-in."""
    courier = p.settings.courier
    if not courier.imap:
        if courier.local.startswith("lmtp:"):
            text = "Dangerous mail cannot be taken back out of mailboxes behind LMTP: courier.imap is empty."
            yield Finding(CHECK, "not-set-up", text, _ADVICE)
        return
    try:
        ImapServer(courier.imap, courier.imap_user, courier.imap_key_file, courier.tls_ca).greet()
    except (BadServer, OSError) as error:
        yield Finding(CHECK, "problem", f"The mailbox server at {courier.imap} cannot be asked: {error}", _ADVICE)
    else:
        yield Finding(CHECK, "ok", f"The mailbox server at {courier.imap} answers.")
