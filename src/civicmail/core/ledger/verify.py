"""Independent verification of the ledger. It shares the format with the sequencer, and no code.

Takes no lease and may run beside everything else: entries integrated before it began must hold, and later ones are counted as
*pending*. A sealed record must be integrated; an unsealed one beyond the ledger's position need not be.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from civicmail.core.ledger import verify_entries
from civicmail.core.ledger.journal_heads import journal_heads
from civicmail.core.ledger.problems import KeptRecord, Problem, Verdict
from civicmail.core.ledger.verify_entries import Ledger, Reading
from civicmail.core.ledger.verify_records import Records


@dataclass(frozen=True, slots=True)
class External:
    """Evidence of a verifier. notes: checkpoints from outside, {name: note}; key: the public key as the verifier knows it, 32
    bytes, or empty to trust the one in the data folder."""

    notes: Mapping[str, str] = field(default_factory=dict)
    key: bytes = b""


def verify(
    data: Path,
    sealed: Iterable[KeptRecord] = (),
    *,
    on_record: Callable[[KeptRecord], None] = lambda record: None,
    external: External = External(),
) -> Verdict:
    """Verify ledger, journals and the sealed records of a data folder. sealed: every sealed record. It is read after the journals,
    so that a record that is sealed meanwhile is seen at least once; so it must list segments only when its first item is requested.
    on_record: called with every record as it is read."""
    verdict = Verdict()
    ledger = data / "ledger"
    report = verdict.problems.append
    key = _trusted(external.key, _key(data, report), report)
    signed = _signed(ledger, key, report)
    external_roots = _external_roots(external.notes, key, report)
    known = verify_entries.integrated_count(ledger)
    reading = Reading(ledger, {*signed, *external_roots}, max(signed, default=0), known, report)
    contents = reading.read()
    reading.close()
    _check_roots(signed, contents, "checkpoints", report)
    for size, notes in sorted(external_roots.items()):
        for name, root in notes:
            _check_roots({size: root}, contents, name, report)
    records = Records(ledger, contents, report)
    for source in (journal_heads(data, report), sealed):
        for record in source:
            records.add(record)
            on_record(record)
    unread = [p for p in verdict.problems if p.code == "damaged" and p.journal]
    records.finish(unread, lambda: _reread(ledger), lambda: journal_heads(data, lambda problem: None))
    in_journals = _in_records(records, key, report)
    if any(size not in contents.roots for size in in_journals):
        contents = _reread(ledger, set(in_journals))
    _check_roots(in_journals, contents, "a journal or segment", report)
    verdict.records, verdict.captures, verdict.pending = records.count, records.captures, records.waiting
    verdict.disposed = records.disposed
    verdict.entries, verdict.checkpoints = contents.entries, len(signed)
    return verdict


def _trusted(given: bytes, own: bytes, report: Callable[[Problem], None]) -> bytes:
    """The key by which signatures are judged: that from outside where there is one."""
    if given and own and given != own:
        text = "The key that you gave is not the one in keys/ledger.pub: this is another ledger, or its key was replaced."
        report(Problem("forged", text))
    return given or own


def _external_roots(notes: Mapping[str, str], key: bytes, report: Callable[[Problem], None]) -> dict[int, list[tuple[str, bytes]]]:
    """{size: [(name, root)]} of the checkpoints from outside; two that contradict each other are both kept."""
    signed: dict[int, list[tuple[str, bytes]]] = {}
    for name, note in notes.items():
        checkpoint = verify_entries.read_checkpoint(note, key) if key else None
        if checkpoint is not None:
            signed.setdefault(checkpoint[0], []).append((name, checkpoint[1]))
        else:
            report(Problem("forged", f"{name} is no checkpoint that the key of this ledger has signed."))
    return signed


def _key(data: Path, report: Callable[[Problem], None]) -> bytes:
    try:
        key = base64.b64decode((data / "keys" / "ledger.pub").read_bytes().strip(), validate=True)
    except (OSError, binascii.Error):
        key = b""
    if len(key) != 32:
        report(Problem("damaged", "The ledger's public key keys/ledger.pub cannot be read, so no checkpoint can be checked."))
        return b""
    return key


def _signed(ledger: Path, key: bytes, report: Callable[[Problem], None]) -> dict[int, bytes]:
    """{size: root} of the checkpoints of the ledger folder whose signature is good."""
    signed = {}
    for path in sorted((ledger / "checkpoints").glob("*.note")):
        checkpoint = verify_entries.read_checkpoint(path.read_bytes().decode("utf-8", "replace"), key) if key else None
        if checkpoint is not None and path.name == f"{checkpoint[0]:016d}.note":
            signed[checkpoint[0]] = checkpoint[1]
        elif key:
            report(Problem("forged", f"The signature of the checkpoint {path.name} is not good."))
    return signed


def _in_records(records: Records, key: bytes, report: Callable[[Problem], None]) -> dict[int, bytes]:
    """{size: root} of the checkpoints that journals and segments hold."""
    signed = {}
    for (journal, number), note in records.checkpoints:
        checkpoint = verify_entries.read_checkpoint(note, key) if key else None
        if checkpoint is not None:
            signed[checkpoint[0]] = checkpoint[1]
        elif key:
            text = f"The checkpoint in record {number} of journal {journal} does not have a good signature."
            report(Problem("forged", text, journal, number))
    return signed


def _reread(ledger: Path, sizes: set[int] | None = None) -> Ledger:
    """The ledger as it is now, its problems left to the first reading."""
    reading = Reading(ledger, sizes or set(), 0, 0, lambda problem: None)
    contents = reading.read()
    reading.close()
    return contents


def _check_roots(signed: dict[int, bytes], contents: Ledger, where: str, report: Callable[[Problem], None]) -> None:
    for size, root in sorted(signed.items()):
        if size > contents.entries:
            text = f"The ledger has {contents.entries} entries, but {where} holds a signed checkpoint of {size}: it was set back."
            report(Problem("rolled back", text.replace("checkpoints holds", "ledger/checkpoints holds")))
        elif contents.roots.get(size) != root:
            text = f"The first {size} entries of the ledger are not those that a checkpoint in {where} signed: they were altered."
            report(Problem("rolled back", text))
