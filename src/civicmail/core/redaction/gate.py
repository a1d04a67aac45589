"""The release gate: every file of a production passes every check (file_checks.py), or nothing leaves.

    certificates = check(files, forbidden, ocr=ocr, balance=balance)      raises NotReleasable
    signed = sign_manifest(certificates, …)                               manifest.py
    release(file, certificate)                                            the bytes that may be downloaded

Released bytes are read in sandboxed processes. pdfium and pdfminer.six both read the text of a PDF, and OCR reads its pages as a
person does. An unknown type, a file that cannot be read, or a missing OCR program is refused (docs/decisions/0124, promise 9).
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from civicmail.core.redaction.balance import Balance
from civicmail.core.redaction.errors import NotReleasable
from civicmail.core.redaction.file_checks import CHECKS, CheckedFile, Production, problems_of
from civicmail.core.redaction.leaks import ForbiddenStrings
from civicmail.core.redaction.page_ocr import PageOcr
from civicmail.core.redaction.shapes import ReleasedFile
from civicmail.core.sandbox.ocr import Ocr

BALANCE, SIGNED = "balance", "signed manifest"
REQUIRED = (*CHECKS, BALANCE, SIGNED)
"""What a certificate must have before its file leaves."""
_AT_ONCE = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Certificate:
    """Proof that a file passed the gate. sha256: of the released bytes, in hexadecimal; checks: those that it passed."""

    name: str
    sha256: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the gate found in a file. number: from 1, of the files of the production; certificate: None where there are problems."""

    number: int
    certificate: Certificate | None
    problems: list[str]


class Gate:
    """The gate of one production, file by file, for one that is too large to be held at once. names, hashes: of all its files;
    forbidden: strings that nothing may have; allowed: exceptions that a person recorded. Close it at the end.
    """

    def __init__(
        self,
        names: Sequence[str],
        hashes: Collection[str],
        forbidden: Collection[str],
        *,
        allowed: Collection[str] = (),
        ocr: Ocr | None,
    ) -> None:
        self._names = names
        self._ocr = PageOcr(ocr) if ocr is not None and ocr.finds_orientation else None
        missing = "OCR" if ocr is None else "the data of OCR about orientation (osd)"
        self._production = Production(ForbiddenStrings(forbidden, allowed), frozenset(hashes), self._ocr or missing)
        self._checking = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="gate")

    def check_files(self, files: Iterable[tuple[int, ReleasedFile]]) -> Iterator[Outcome]:
        """The outcome of each file, in order; as many files as there are processors are checked at a time. files: with number."""
        waiting: deque[Future[Outcome]] = deque()
        for number, file in files:
            waiting.append(self._checking.submit(self._check, number, file))
            if len(waiting) > _AT_ONCE:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def check_whole(self, balance: Balance) -> list[str]:
        """Problems of the production as a whole. Certificates count only without any."""
        return [*_set_problems(self._names), *check_balance(balance)]

    def close(self) -> None:
        if self._ocr is not None:
            self._ocr.stop()
        self._checking.shutdown(cancel_futures=True)
        if self._ocr is not None:
            self._ocr.close()

    def _check(self, number: int, file: ReleasedFile) -> Outcome:
        if problems := list(problems_of(CheckedFile(number, file, self._production))):
            return Outcome(number, None, problems)
        return Outcome(number, Certificate(file.name, digest(file.content), (*CHECKS, BALANCE)), [])


def check(
    files: Sequence[ReleasedFile],
    forbidden: Collection[str],
    *,
    allowed: Collection[str] = (),
    ocr: Ocr | None,
    balance: Balance,
) -> tuple[Certificate, ...]:
    """Check a whole production. Its arguments are those of Gate; balance: numbers of the request's items. Raises NotReleasable with
    every problem."""
    names, hashes = [file.name for file in files], [digest(file.content) for file in files]
    with closing(Gate(names, hashes, forbidden, allowed=allowed, ocr=ocr)) as gate:
        problems = gate.check_whole(balance)
        outcomes = list(gate.check_files(enumerate(files, 1)))
    problems += [problem for outcome in outcomes for problem in outcome.problems]
    if problems:
        raise NotReleasable(dict.fromkeys(problems))
    return tuple(outcome.certificate for outcome in outcomes if outcome.certificate is not None)


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
