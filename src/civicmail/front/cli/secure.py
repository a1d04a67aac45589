"""`civicmail secure`: S/MIME certificates and OpenPGP keys of external recipients (P-19)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.core.wire.errors import PathError
from civicmail.core.wire.paths import parse_path
from civicmail.front.cli import actors, options, output
from civicmail.front.cli.groups import group
from civicmail.mail.courier import recipient_keys

app = group("Certificates and keys of readers outside: what is confidential is encrypted with them.")
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The reader's mail address.")]


@app.command("list")
def list_(credentials: options.Credentials, json: options.Json = False) -> None:
    """List external recipients with their kind of key, and expiry of certificates."""
    folder = credentials.folder()
    now = now_ms()
    actors.person(folder, "secure list", {}, credentials, now=now)
    keys = recipient_keys.listed(folder)
    for address, kind in keys:
        until = recipient_keys.until(folder, address, now) if kind == "smime" else ""
        if json:
            output.emit({"address": address, "kind": kind, "until": until})
        else:
            output.show(f"{kind:8}  {until or '-':12}  {address}")
    if not keys and not json:
        output.words("No key of a reader is here: confidential mail goes by verified TLS, or waits in the pick-up portal.")


@app.command()
def add(
    address: Address,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A certificate (PEM) or an OpenPGP key (armored).")],
    credentials: options.Credentials,
) -> None:
    """Keep a reader's key. Compare its fingerprint with them by telephone first."""
    folder = credentials.folder()
    address, now = _checked(address), now_ms()
    with actors.in_files(folder, "secure add", {"reader": _digest(address)}, credentials, now=now):
        kind = recipient_keys.add(folder, address, options.content_of(file), now)
    output.words(f"Confidential mail to {address} is encrypted with it from now on ({kind}).")


@app.command()
def remove(address: Address, credentials: options.Credentials) -> None:
    """Forget a reader's keys."""
    folder = credentials.folder()
    address = _checked(address)
    with actors.in_files(folder, "secure remove", {"reader": _digest(address)}, credentials, now=now_ms()):
        if not recipient_keys.remove(folder, address):
            raise UsageError(f"There is no key of {address}.")
    output.words(f"The keys of {address} are forgotten.")


def _checked(address: str) -> str:
    try:
        path = parse_path(address)
    except PathError:
        raise UsageError(f"{address!r} is not an e-mail address.") from None
    return f"{path.local}@{path.domain}".lower()


def _digest(address: str) -> str:
    """Entries name no outsider."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]
