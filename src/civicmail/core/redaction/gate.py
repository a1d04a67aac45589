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


def check(
    files: Sequence[ReleasedFile],
    forbidden: Collection[str],
    *,
    allowed: Collection[str] = (),
    ocr: Ocr | None,
    balance: Balance,
    on_page: Callable[[], None] = lambda: None,
) -> tuple[Certificate, ...]:
    """Check a whole production. forbidden: strings that nothing may have.

    allowed: exceptions that a person recorded; balance: numbers of the request's items; on_page: called after OCR of each page.
    Raises NotReleasable with every problem.
    """
    digests = [digest(file.content) for file in files]
    production = Production(ForbiddenStrings(forbidden, allowed), frozenset(digests), ocr, on_page)
    checked = [CheckedFile(number, file, production) for number, file in enumerate(files, 1)]
    problems = [*_set_problems(files), *check_balance(balance)]
    try:
        for one in checked:
            problems += problems_of(one)
    finally:
        production.renderer.kill()
    if problems:
        raise NotReleasable(dict.fromkeys(problems))
    return tuple(Certificate(file.name, sha256, (*CHECKS, BALANCE)) for file, sha256 in zip(files, digests, strict=True))


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


def _set_problems(files: Sequence[ReleasedFile]) -> list[str]:
    """Problems of the files together."""
    if not files:
        return ["There is no file to release."]
    twice = [name for name, count in Counter(file.name.casefold() for file in files).items() if count > 1]
    return [f"{len(twice)} names are those of several files."] if twice else []
