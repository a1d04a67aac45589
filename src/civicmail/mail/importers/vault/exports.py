"""Add labels and accounts from Vault metadata to imported messages, and compare the counts.

Labels cannot be added after an import.
Therefore a message whose metadata entry is damaged is left out: it is imported next time, with whole metadata, or without any
and so
without labels.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from civicmail.core.message import header_scan
from civicmail.mail.importers import gmail_labels
from civicmail.mail.importers.errors import NoSuchPath
from civicmail.mail.importers.vault import checksums, export_names, reports
from civicmail.mail.importers.vault.export_names import Export
from civicmail.mail.importers.vault.files import Unreadable
from civicmail.mail.importers.vault.metadata import Damage, Entry, entries, plain_id
from civicmail.mail.importers.vault.table import Row, Table
from civicmail.mail.importers.walk import Item, Skipped, SourceMessage, text_of, walk

LEFT_OUT = "its entry in the metadata cannot be read; mend or fetch them again, or take them away, and import again"
UNNAMED = "the metadata of the export do not name it, so its labels and account are not known"
INSIDE = (
    "metadata of Google Vault are not read inside an archive: unpack it, because labels cannot be added to mail that was imported"
)
MISSING = "the metadata of the export name it, but it is not in the mail"


@dataclass(slots=True)
class _ExportState:
    """One export during an import. sources: its metadata files in the table; damaged: whether one of them is."""

    export: Export
    sources: list[int] = field(default_factory=list)
    damaged: bool = False
    read: Counter[str] = field(default_factory=Counter)
    unnamed: int = 0
    left_out: int = 0
    missing: int = 0
    errors: int = 0
    checksums: Counter[str] = field(default_factory=Counter)


class Exports:
    """Finds the exports among the paths and reads their metadata; then items() replaces a walk, and rest() follows it. Close it."""

    def __init__(self, paths: list[Path]) -> None:
        self._before: list[Skipped] = []
        self._open = ExitStack()
        paths = [path.resolve() if path.is_symlink() else path for path in paths]  # named as the walk names them
        exports: dict[tuple[str, str], Export] = {}
        for path in paths:
            for export in export_names.below(str(path)) if path.is_dir() else export_names.beside(str(path)):
                kept = exports.setdefault((export.folder, export.name), export)
                kept.whole = kept.whole or export.whole
        self._all = [_ExportState(export) for export in exports.values()]
        self.paths = self._mail(paths)
        if self._all:
            self._table = self._open.enter_context(closing(Table()))
            numbers = count()
            for state in self._all:
                state.sources = [next(numbers) for _ in state.export.of("metadata")]
                self._load(state)
            self._table.filled()

    def _mail(self, paths: list[Path]) -> list[Path]:
        """The paths without export files that are no mail; for metadata alone, the mail beside them."""
        mail = [path for path in paths if path.is_dir() or export_names.part(path.name) is None or not self._is_part(str(path))]
        if mail:
            return mail
        beside = [path for state in self._all for path in export_names.mail_of(state.export)]
        if not beside:
            raise NoSuchPath(
                f"{paths[0]} says something of mail in an export of Google Vault, but none lies beside it. Name the folder of the "
                "export, or its mbox or ZIP files too."
            )
        return beside

    def _load(self, state: _ExportState) -> None:
        for number, path in zip(state.sources, state.export.of("metadata"), strict=True):
            places: list[str] = []
            why = ""
            try:
                self._table.add(number, _whole(path, places))
            except Unreadable as error:
                why = f"nothing of it can be used: {error}"
            if places:
                why = f"{len(places)} of its entries cannot be read, the first at {places[0]}"
            if why:
                state.damaged = True
                self._before.append(Skipped(text_of(path), why, failed=False, note=True))
        if not state.export.of("metadata"):
            why = "it is an export of Google Vault without its metadata file, so labels and accounts of its mail are not known"
            self._before.append(Skipped(f"{text_of(state.export.folder)}/{state.export.name}", why, failed=False, note=True))

    def items(self, path: Path) -> Iterator[Item]:
        """The items of a walk with labels and accounts; export files are not reported as no mail."""
        yield from self._before
        self._before = []
        for item in walk(path):
            file = item.name.partition(" at byte ")[0].partition("!/")[0]
            if isinstance(item, Skipped):
                inner = export_names.part(item.name.rpartition("/")[2]) if "!/" in item.name else None
                if inner is not None and inner[0] == "metadata":
                    yield Skipped(item.name, INSIDE, failed=True)
                elif not self._is_part(file):
                    yield item
            elif (state := self._export_of(item.name, file)) is not None and state.sources:
                yield self._met(state, item)
            else:
                yield item

    def _is_part(self, file: str) -> bool:
        return any(file in files for state in self._all for files in state.export.files.values())

    def _export_of(self, name: str, file: str) -> _ExportState | None:
        """The export that a file belongs to by its name, or by the name of the archive around it; else the only export in its
        folder; else the only one that was named at all."""
        folder, base = os.path.split(file)
        inner = name.partition(" at byte ")[0].rpartition("/")[2]
        near = [state for state in self._all if folder == state.export.folder or folder.startswith(f"{state.export.folder}/")]
        fitting = [state for state in near or self._all if state.export.has(base) or state.export.has(inner)]
        if fitting:
            return max(fitting, key=lambda state: (len(state.export.folder), len(state.export.name)))
        if len(near) == 1 or (not near and len(self._all) == 1 and not self._all[0].export.whole):
            return (near or self._all)[0]
        return None

    def _met(self, state: _ExportState, item: SourceMessage) -> Item:
        name = text_of(item.name)
        account = _account(state.export.name, item.name)
        rows = self._rows(state, item, account)
        if not rows and state.damaged:
            state.left_out += 1
            return Skipped(name, LEFT_OUT, failed=True)
        account = next((row.account for row in rows if row.account), account)
        state.read[account] += 1
        if not rows:
            state.unnamed += 1
            return item._replace(account=account, unnamed=True)
        labels, flags = dict.fromkeys(item.labels), dict.fromkeys(item.flags)
        for row in rows:
            self._table.meet(row)
            more, states = gmail_labels.of(row.labels)
            labels.update(dict.fromkeys(more))
            flags.update(dict.fromkeys(states))
        return item._replace(account=account, labels=tuple(labels), flags=tuple(flags))

    def _rows(self, state: _ExportState, item: SourceMessage, account: str) -> list[Row]:
        """The entry of a message in each metadata file."""
        message_id = plain_id((header_scan.first(item.content, "message-id") or b"").decode("utf-8", "replace"))
        marks, rows = [item.mark] if item.mark else [], []
        for source in state.sources:
            row = self._table.match(source, marks, message_id, account)
            if row is not None:
                rows.append(row)
                marks.append(row.gmail)
                message_id, account = message_id or row.message_id, account or row.account
        return rows

    def rest(self) -> Iterator[Skipped]:
        """Results after all mail was read: missing messages, Vault's own errors, wrong checksums."""
        yield from self._before
        for state in self._all:
            yield from self._missing(state)
            yield from _counted(state)
            yield from _errors(state)
            yield from _checked(state)

    def _missing(self, state: _ExportState) -> Iterator[Skipped]:
        """Messages that the metadata name and the mail lacks, each once.
        For an mbox that was named alone, only its account is checked."""
        accounts = None if state.export.whole else set(state.read)
        reported: set[str] = set()
        for source in state.sources:
            for row in self._table.missing(source, accounts):
                keys = {key for key in (row.gmail, row.message_id) if key}
                if reported.isdisjoint(keys):
                    state.missing += 1
                    what = row.message_id or row.mark or row.gmail
                    whose = f" of {row.account}" if row.account else ""
                    yield Skipped(f"{state.export.name}: {what}{whose} ({row.subject})".replace(" ()", ""), MISSING, failed=True)
                reported |= keys

    def plain(self) -> list[dict[str, Any]]:
        """The results of each export for the import report."""
        return [
            {
                "export": state.export.name,
                "in_metadata": max((self._table.count(source) for source in state.sources), default=0),
                "read": state.read.total(),
                "accounts": len(state.read.keys() - {""}),
                "not_in_metadata": state.unnamed,
                "left_out": state.left_out,
                "missing": state.missing,
                "vault_errors": state.errors,
                "checksums_right": state.checksums["right"],
                "checksums_wrong": state.checksums["wrong"],
            }
            for state in self._all
        ]

    def close(self) -> None:
        self._open.close()


def _whole(path: str, places: list[str]) -> Iterator[Entry]:
    """Readable entries; places: collects the positions of the others."""
    for entry in entries(path):
        if isinstance(entry, Damage):
            places.append(entry.place)
        else:
            yield entry


def _account(export: str, name: str) -> str:
    """The account in a file name NAME-ACCOUNT-RANDOM.mbox; "" for other names."""
    file = name.partition(" at byte ")[0].partition(" item ")[0].rpartition("/")[2]
    middle = file.rpartition(".")[0].removeprefix(f"{export}-").rpartition("-")[0].lower()
    return middle if file.startswith(f"{export}-") and "@" in middle else ""


def _counted(state: _ExportState) -> Iterator[Skipped]:
    for path in state.export.of("counts"):
        try:
            for counted in reports.counts(path):
                name = f"{state.export.name}: {counted.account}"
                if counted.trouble:
                    state.errors += 1
                    yield Skipped(name, f"Vault itself reports: {counted.trouble}", failed=False, note=True)
                read = state.read[counted.account]
                if read != counted.written and (state.export.whole or read):
                    why = f"Vault counts {counted.written} messages of this account, and {read} were read"
                    yield Skipped(name, why, failed=False, note=True)
        except Unreadable as error:
            yield Skipped(text_of(path), f"its counts are not compared: {error}", failed=False, note=True)


def _errors(state: _ExportState) -> Iterator[Skipped]:
    for path in state.export.of("errors"):
        try:
            for error in reports.errors(path):
                state.errors += 1
                yield Skipped(text_of(path), f"Vault itself could not export: {error}", failed=False, note=True)
        except Unreadable as error:
            yield Skipped(text_of(path), f"what Vault could not export is not known: {error}", failed=False, note=True)


def _checked(state: _ExportState) -> Iterator[Skipped]:
    for path in state.export.of("checksums"):
        try:
            for checked in checksums.check(path):
                name = f"{text_of(state.export.folder)}/{checked.file}"
                state.checksums["right" if checked.right else "wrong" if checked.right is not None else "absent"] += 1
                if checked.right is False:
                    yield Skipped(name, "its checksum is not the one that Vault wrote; fetch the file again", failed=True)
                elif checked.right is None:
                    yield Skipped(name, "it is in the list of checksums, but is not there to be compared", failed=False, note=True)
        except Unreadable as error:
            yield Skipped(text_of(path), f"checksums are not compared: {error}", failed=False, note=True)
