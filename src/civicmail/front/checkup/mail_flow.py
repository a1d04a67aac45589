"""Check the outbound queue, pending screening, access control and the smart host."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.city.guard import guard
from civicmail.city.identity import demo
from civicmail.core.config.errors import CivicmailError
from civicmail.front.checkup.findings import HOUR, MINUTE, Finding, Installation
from civicmail.mail.archive import outstanding_file

AFTER_MINUTES = 5
"""Half of the time that a message waits before it is held for a person."""


def outstanding(p: Installation) -> Iterator[Finding]:
    """How many messages have recipients that wait, and for how long the oldest."""
    try:
        waiting = list(outstanding_file.current(p.data).waiting())
    except CivicmailError as error:
        yield Finding("outstanding", "problem", str(error), f"Stop what runs, then: civicmail rebuild outstanding --data {p.data}")
        return
    if not waiting:
        yield Finding("outstanding", "ok", "No recipient waits for mail.")
        return
    oldest = min(waiting, key=lambda e: e.received)
    age = p.now - oldest.received
    has = "message has" if len(waiting) == 1 else "messages have"
    text = f"{len(waiting)} {has} recipients that wait; the oldest, {oldest.uuid}, since {age // MINUTE} minutes."
    if age > 4 * HOUR:
        yield Finding("outstanding", "problem", text, "civicmail queue list says what their next hops answered.")
    elif age > 15 * MINUTE:
        yield Finding("outstanding", "warning", text, "civicmail queue list says what their next hops answered.")
    else:
        yield Finding("outstanding", "ok", text)


def screening(p: Installation) -> Iterator[Finding]:
    """Check for messages that wait because a part of screening was unavailable (promise 6)."""
    try:
        pending = list(outstanding_file.current(p.data).pending())
    except CivicmailError:
        return  # outstanding() says so
    if not pending:
        yield Finding("screening", "ok", "No message waits until it can be screened.")
        return
    oldest = min(pending, key=lambda e: e.received)
    minutes = (p.now - oldest.received) // MINUTE
    text = (
        f"{len(pending)} {'message waits' if len(pending) == 1 else 'messages wait'} until a part of screening is back; the oldest"
    )
    do = f"civicmail show {oldest.uuid} --trace names the part; after ten minutes a person has to decide."
    yield Finding("screening", "warning" if minutes < AFTER_MINUTES else "problem", f"{text} since {minutes} minutes.", do)


def claimed(p: Installation) -> Iterator[Finding]:
    """Whether looking at mail needs a person, a role and a reason."""
    if (p.data / demo.FILE).is_file():
        text = "This is a demo: whoever sits at this machine can be anybody."
        yield Finding("access", "problem", text, "Real mail belongs in an installation of its own: civicmail init.")
    if guard.is_claimed(p.data):
        yield Finding("access", "ok", "The installation is claimed: content needs a person, a role and a reason.")
    else:
        text = "The installation is unclaimed: the owner of the data folder may read all mail, and any local part is accepted."
        do = "Make the first access officer before real mail arrives: civicmail access claim --help"
        yield Finding("access", "warning" if p.has_mail() else "not-set-up", text, do)


def outbound(p: Installation) -> Iterator[Finding]:
    """Whether mail for others has a way out."""
    courier = p.settings.courier
    if courier.outbound or courier.route:
        yield Finding("mail out", "ok", f"Mail for others goes to {courier.outbound or 'the next hops that courier.route names'}.")
        return
    text = "No smart host is named, so mail for others waits, and is given up after five days."
    yield Finding("mail out", "not-set-up", text, "Name it: civicmail config explain courier.outbound")
