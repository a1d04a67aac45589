"""Check that the next hops, and the Dovecot that ends connections, answer."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.settings import Settings
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.front.checkup.probe import greets, why_unreachable
from civicmail.mail.courier.doveadm import doveadm
from civicmail.mail.courier.hops import Hop, parse_hop

MAX_PARALLEL = 8


def next_hops(p: Installation) -> Iterator[Finding]:
    """Whether each next hop of the settings greets."""
    try:
        hops = list(_hops(p.settings))
    except CivicmailError as error:
        yield Finding("next hop", "problem", str(error), "civicmail config explain courier")
        return
    with ThreadPoolExecutor(MAX_PARALLEL) as pool:
        reasons = list(pool.map(lambda hop: why_unreachable((hop.host, hop.port), greets), hops))
    for hop, why in zip(hops, reasons, strict=True):
        check = f"next hop {hop}"
        if why:
            text = f"It does not answer ({why}), so mail for it waits."
            yield Finding(check, "problem", text, "Look whether it runs, and whether this machine may reach it.")
        else:
            yield Finding(check, "ok", "It answers.")


def _hops(settings: Settings) -> Iterator[Hop]:
    """Yield each server once."""
    courier = settings.courier
    texts = (courier.local, courier.outbound, courier.elsewhere, *courier.route.values())
    yield from dict.fromkeys(hop for text in texts if (hop := parse_hop(text)) is not None and hop.kind != "maildir")


def imap_disconnect(p: Installation) -> Iterator[Finding]:
    """Check that Dovecot accepts our key for ending connections; ends none."""
    rules, check = p.settings.signin, "end of connections"
    if not rules.kick:
        return
    try:
        doveadm(rules.kick, rules.kick_key_file)([])
    except (CivicmailError, OSError) as error:
        text = f"Dovecot at {rules.kick} cannot be told to end connections ({error}), so whoever loses access goes on reading."
        yield Finding(check, "problem", text, "Look whether Dovecot runs, and at signin.kick and signin.kick_key_file.")
    else:
        yield Finding(check, "ok", f"Dovecot at {rules.kick} can be told.")
