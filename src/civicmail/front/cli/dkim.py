"""`civicmail dkim`: the DKIM signing keys (P-26)."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from civicmail.city.pages.states import labels
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import RefusedError
from civicmail.core.config.settings import Settings
from civicmail.front.cli import actors, options, output
from civicmail.front.cli.groups import group
from civicmail.mail.courier import dkimkeys
from civicmail.mail.courier.dkimkeys import Key
from civicmail.mail.screening import nameserver
from civicmail.mail.screening.published_records import zone_line
from civicmail.mail.screening.resolver import TemporaryFailure

STATES = labels("active", "retired", made="pending")

app = group("Keys that sign what leaves the city, so that others can tell it from what pretends to be ours.")
Domain = Annotated[str, typer.Argument(metavar="DOMAIN", help="One of the city's domains.")]
Selector = Annotated[str, typer.Argument(metavar="SELECTOR", help="As `list` has it, like 20260302r.")]


@app.command("list")
def list_(credentials: options.Credentials, json: options.Json = False) -> None:
    """List all keys, oldest first, with their DNS records."""
    folder = credentials.folder()
    actors.person(folder, "dkim list", {}, credentials, now=now_ms())
    keys = dkimkeys.listed(folder)
    for key in keys:
        if json:
            plain = {"domain": key.domain, "selector": key.selector, "algorithm": key.algorithm, "state": key.state}
            output.emit({**plain, "made": key.made, "since": key.since, "name": key.name, "record": key.record})
        else:
            output.show(f"{STATES[key.state][1]:8}{output.when(key.since)}  {key.name}  {key.algorithm}")
    if not keys and not json:
        output.words("There is no key, so what leaves is not signed: civicmail dkim new DOMAIN")


@app.command()
def new(
    domain: Domain,
    credentials: options.Credentials,
    algorithm: Annotated[str, typer.Option("--algorithm", metavar="KIND", help="rsa, or ed25519 beside one of rsa.")] = "rsa",
    selector: Annotated[str, typer.Option("--selector", metavar="NAME", help="Instead of one with today's date.")] = "",
) -> None:
    """Make a key and print the record for the zone. It signs nothing before it is activated."""
    folder = credentials.folder()
    kind, now = dkimkeys.algorithm(algorithm), now_ms()
    facts = {"domain": domain, "algorithm": kind, "selector": selector}
    with actors.in_files(folder, "dkim new", facts, credentials, now=now):
        key = dkimkeys.new(folder, domain, kind, now=now, selector=selector)
    output.words("Add this record to the zone, then: civicmail dkim activate " + f"{key.domain} {key.selector}")
    output.show(zone_line(key.name, key.record))


@app.command()
def activate(
    domain: Domain,
    selector: Selector,
    credentials: options.Credentials,
    anyway: Annotated[bool, typer.Option("--anyway", help="Although our resolver does not see the record.")] = False,
) -> None:
    """Sign with this key from now on, once the zone has its record; the one before retires."""
    folder, settings = credentials.open()
    now = now_ms()
    facts = {"domain": domain, "selector": selector, "anyway": str(anyway).lower()}
    with actors.in_files(folder, "dkim activate", facts, credentials, now=now):
        key = dkimkeys.chosen(dkimkeys.listed(folder), domain, selector)
        if not anyway:
            _require_published(key, settings)
        dkimkeys.activate(folder, key, now=now)
    output.words(f"{key.name} signs from now on. Leave the record of the one before in the zone for {dkimkeys.REST_DAYS} days.")


@app.command()
def retire(domain: Domain, selector: Selector, credentials: options.Credentials) -> None:
    """Sign with this key no more. Its private half is removed; its record stays in the zone for a week."""
    folder = credentials.folder()
    now, facts = now_ms(), {"domain": domain, "selector": selector}
    with actors.in_files(folder, "dkim retire", facts, credentials, now=now):
        key = dkimkeys.chosen(dkimkeys.listed(folder), domain, selector)
        dkimkeys.retire(folder, key, now=now)
    output.words(f"{key.name} signs no more. Leave its record in the zone for {dkimkeys.REST_DAYS} days.")


def _require_published(key: Key, settings: Settings) -> None:
    """Raise RefusedError unless the key is in DNS: a signature that cannot be verified is worse than none."""
    try:
        answer = asyncio.run(nameserver.open_(settings).ask(key.name, "TXT"))
    except TemporaryFailure as error:
        raise RefusedError(
            f"Not activated: the DNS gave no answer for {key.name}: {error.why}. Use --anyway to skip the check."
        ) from None
    if not dkimkeys.is_published(key, answer):
        why = "another record there" if answer.values else "no such record"
        raise RefusedError(f'The DNS has {why}: {key.name} TXT "{key.record}" has to be in the zone first.')
