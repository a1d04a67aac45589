"""The release gate: every file of a production passes every check (file_checks.py), or nothing leaves.

    certificates = check(files, forbidden, ocr=ocr, balance=balance)      raises NotReleasable
    signed = sign_manifest(certificates, …)                               manifest.py
    release(file, certificate)                                            the bytes that may be downloaded

Released bytes are read in sandboxed processes. pdfium and pdfminer.six both read the text of a PDF, and OCR reads its pages as a
person does. An unknown type, a file that cannot be read, or a missing OCR program is refused (docs/decisions/0124, promise 9).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from civicmail.core.redaction.balance import Balance
from civicmail.core.redaction.errors import NotReleasable
from civicmail.core.redaction.file_checks import CHECKS, CheckedFile, Production, problems_of
from civicmail.core.redaction.leaks import ForbiddenStrings
from civicmail.core.redaction.shapes import ReleasedFile
from civicmail.core.sandbox.ocr import Ocr

BALANCE, SIGNED = "balance", "signed manifest"
REQUIRED = (*CHECKS, BALANCE, SIGNED)
"""What a certificate must have before its file leaves."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Proof that a file passed the gate. sha256: of the released bytes, in hexadecimal; checks: those that it passed."""

    name: str
    sha256: str
    checks: tuple[str, ...]


class Gate:
    """The gate of one production, file by file, for one that is too large to be held at once. names, hashes: of all its files;
    forbidden: strings that nothing may have; allowed: exceptions that a person recorded; on_page: called after OCR of each page.

    Close it at the end.
    """

    def __init__(
        self,
        names: Sequence[str],
        hashes: Collection[str],
        forbidden: Collection[str],
        *,
        allowed: Collection[str] = (),
        ocr: Ocr | None,
        on_page: Callable[[], None] = lambda: None,
    ) -> None:
        self._names = names
        self._production = Production(ForbiddenStrings(forbidden, allowed), frozenset(hashes), ocr, on_page)

    def check_file(self, number: int, file: ReleasedFile) -> Certificate:
        """The certificate of a file. number: from 1. Raises NotReleasable with every problem of it."""
        if problems := list(problems_of(CheckedFile(number, file, self._production))):
            raise NotReleasable(problems)
        return Certificate(file.name, digest(file.content), (*CHECKS, BALANCE))

    def check_whole(self, balance: Balance) -> list[str]:
        """Problems of the production as a whole. Certificates count only without any."""
        return [*_set_problems(self._names), *check_balance(balance)]

    def close(self) -> None:
        self._production.renderer.kill()


def check(
    files: Sequence[ReleasedFile],
    forbidden: Collection[str],
    *,
    allowed: Collection[str] = (),
    ocr: Ocr | None,
    balance: Balance,
    on_page: Callable[[], None] = lambda: None,
) -> tuple[Certificate, ...]:
    """Check a whole production. Its arguments are those of Gate; balance: numbers of the request's items. Raises NotReleasable with
    every problem."""
    names, hashes = [file.name for file in files], [digest(file.content) for file in files]
    gate = Gate(names, hashes, forbidden, allowed=allowed, ocr=ocr, on_page=on_page)
    problems = gate.check_whole(balance)
    certificates = []
    try:
        for number, file in enumerate(files, 1):
            try:
                certificates.append(gate.check_file(number, file))
            except NotReleasable as error:
                problems += error.problems
    finally:
        gate.close()
    if problems:
        raise NotReleasable(dict.fromkeys(problems))
    return tuple(certificates)


def check_balance(balance: Balance) -> list[str]:
    """(g) Every located item has one disposition."""
    problem = balance.problem()
    return [problem] if problem else []


def release(file: ReleasedFile, certificate: Certificate) -> bytes:
    """The bytes of a file that passed the gate. Nothing else makes downloadable bytes of a production. Raises NotReleasable."""
    problems = []
    if certificate.name != file.name or certificate.sha256 != digest(file.content):
        problems.append("The certificate is that of another file, or the file was changed after it.")
    if missing := [name for name in REQUIRED if name not in certificate.checks]:
        problems.append(f"The certificate lacks these checks: {', '.join(missing)}.")
    if problems:
        raise NotReleasable(problems)
    return file.content


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _set_problems(names: Sequence[str]) -> list[str]:
    """Problems of the files together."""
    if not names:
        return ["There is no file to release."]
    twice = [name for name, count in Counter(name.casefold() for name in names).items() if count > 1]
    return [f"{len(twice)} names are those of several files."] if twice else []
