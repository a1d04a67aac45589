"""Check the master key, ledger key, segment keys and proof of the recovery key."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.core.config.errors import CivicmailError
from civicmail.core.ledger import keys as signing
from civicmail.front.checkup.findings import Finding, Installation, Level
from civicmail.mail.archive import keyring, master_key, segments


def keys(p: Installation) -> Iterator[Finding]:
    """Check that each key exists, fits and is private to its owner."""
    try:
        ring = keyring.Keyring(p.data)
        if signing.private(p.data / "keys").public_key().public_bytes_raw() != signing.public(p.data / "keys"):
            again = "Put both back from a backup: checkpoints could not be checked."
            yield Finding("keys", "problem", "keys/ledger.key and keys/ledger.pub do not belong together.", again)
        ring.require_ours()
        missing = {segment for _, _, segment in segments.listed(p.data)} - ring.names()
    except CivicmailError as error:
        yield Finding("keys", "problem", str(error), "Put the file back from a backup, or use `civicmail keys recover`.")
        return
    if missing:
        text = f"{len(missing)} segments have no key, the first is {min(missing)}."
        yield Finding("keys", "problem", text, "Put keys/segments back from the newest backup; without the keys nothing is read.")
    if master_key.is_unfinished(p.data):
        text = "The master key was being rotated, and that has not ended."
        yield Finding("keys", "problem", text, "Stop the worker, then: civicmail keys rotate-master")
    for name in ("master.key", "ledger.key"):
        if (p.data / "keys" / name).stat().st_mode & 0o077:
            yield Finding("keys", "problem", f"Others may read keys/{name}.", f"chmod 600 {p.data / 'keys' / name}")
    yield Finding("keys", "ok", "Master key and ledger key are there.")


def recovery(p: Installation) -> Iterator[Finding]:
    """Check that an operator proved possession of the recovery key."""
    try:
        proved = keyring.is_proved(p.data)
    except CivicmailError as error:
        yield Finding("recovery key", "problem", str(error), "Put keys/recovery.json back from a backup.")
        return
    if proved:
        yield Finding("recovery key", "ok", "An operator has proved to have the recovery key.")
    else:
        text = "Nobody has proved to have the recovery key, so a lost master key would mean a lost archive."
        level: Level = "problem" if p.has_mail() else "not-set-up"
        yield Finding("recovery key", level, text, f"civicmail keys prove-recovery --data {p.data}")
