"""What an approver sees of a message before opening its files: subject, file names, findings about the files (P-22).

The machine reads it once, when approval is requested, so that no list opens a message. Without Django.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding.held_copies import HeldCopies
from civicmail.mail.archive.errors import NotInArchive

MAX_TEXT = 200
"""Characters of a subject or a name."""
MAX_FINDINGS = 50
CHECKS = frozenset({"files", "confidential", "clamav"})
"""Checks whose findings are about the content of files."""


@dataclass(frozen=True, slots=True)
class Summary:
    """names: of the files, in their order, "" for a link or an unreadable name; findings: (part, check, code), each once."""

    subject: str = ""
    names: tuple[str, ...] = ()
    findings: tuple[tuple[str, str, str], ...] = ()


NO_SUMMARY = Summary()


def summary_of(
    held: HeldCopies, capture: str, parts: Sequence[tuple[str, str, int, str]], findings: Iterable[Mapping[str, Any]]
) -> Summary:
    """The summary of a message; without subject and names if it cannot be read. parts: as in Approval; findings: of its record."""
    about_files = tuple(dict.fromkeys(_about_files(findings, [path for path, kind, _, _ in parts if kind == "file"])))
    try:
        subject, names = held.subject_and_names(uuid.UUID(capture).bytes)
    except (NotInArchive, DamagedFile):
        return Summary(findings=about_files[:MAX_FINDINGS])
    in_order = tuple(names.get((path, sha256), "")[:MAX_TEXT] for path, _, _, sha256 in parts)
    return Summary(subject[:MAX_TEXT], in_order, about_files[:MAX_FINDINGS])


def _about_files(findings: Iterable[Mapping[str, Any]], paths: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    for finding in findings:
        part, check = str(finding.get("part", "")), str(finding["check"])
        if check in CHECKS and any(is_within(part, path) for path in paths):
            yield part, check, str(finding["code"])


def is_within(part: str, path: str) -> bool:
    """Whether a part is this file or lies in it."""
    return part == path or part.startswith((f"{path}/", f"{path}."))
