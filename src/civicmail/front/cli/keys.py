"""`civicmail keys`: recovery key, master key and the key that signs links."""

from __future__ import annotations

import typer

from civicmail.core.config.clock import now_ms
from civicmail.front.cli import actors, options, output, recovery_key
from civicmail.front.cli.groups import group
from civicmail.front.cli.waits import wait_for_worker
from civicmail.mail.archive import keyring, master_key

app = group("The recovery key: the only way to the archive when the master key is lost.")


@app.command("prove-recovery")
def prove_recovery(installation: options.Installation, file: recovery_key.KeyFile = None) -> None:
    """Prove that you have the recovery key. Only the proof is stored, never the key."""
    folder = installation.folder()
    now, key = now_ms(), recovery_key.read(file)
    with actors.owner(folder, "keys prove-recovery", now=now):
        if not keyring.prove_recovery(folder, key, now=now):
            output.words("civicmail: This is not the recovery key of this installation.")
            raise typer.Exit(1)
    output.words("This is the recovery key of this installation.")


@app.command()
def recover(installation: options.Installation, file: recovery_key.KeyFile = None) -> None:
    """Write the master key and the ledger key again from the recovery key."""
    folder = installation.folder()
    key = recovery_key.read(file)
    with actors.owner(folder, "keys recover", now=now_ms()):
        keyring.recover(folder, key)
    output.words("The master key and the ledger key were written again.")


@app.command("rotate-master")
def rotate_master(credentials: options.Credentials) -> None:
    """Make a new master key and a new recovery key; the old recovery key opens nothing any more. No segment is rewritten.

    A worker that runs lets the lease `seal` go for it. After a crash call it again.
    """
    folder = credentials.folder()
    with actors.in_files(folder, "keys rotate-master", {}, credentials, now=now_ms()):
        count = master_key.rotate(folder, show=_show_new, patience=wait_for_worker())
    output.words(f"{count} segment keys are under the new master key. Older backups of the keyring open with the old key only.")


@app.command("rotate-links")
def rotate_links(credentials: options.Credentials) -> None:
    """Sign links in delivered mail with a new key from now on. Links that are in mailboxes go on working."""
    from civicmail.city.notices import signed_links

    folder = credentials.folder()
    now = now_ms()
    with actors.in_files(folder, "keys rotate-links", {}, credentials, now=now):
        older = len(signed_links.rotate(folder, now).keys) - 1
    output.words(f"Links are signed with a new key; {older} older ones still verify.")


def _show_new(recovery: str) -> None:
    output.words("The new recovery key. Keep it on paper; it is not shown again, and the old one opens nothing any more:")
    output.words(f"    {recovery}")
    output.words("Then prove that you have it: civicmail keys prove-recovery")
