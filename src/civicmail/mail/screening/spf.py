"""Evaluate SPF (RFC 7208) with pyspf, without blocking.

pyspf runs with the answers already known. When it needs another, that answer is fetched and pyspf runs again. So no thread waits,
and all answers for one message are consistent.
"""

from __future__ import annotations

import asyncio
import re
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast

from civicmail.mail.screening.domains import a_labels, is_domain
from civicmail.mail.screening.resolver import Answer, Kind, Resolver, TemporaryFailure, is_name

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its docstrings have escapes that Python warns of when it compiles them
    import spf as pyspf

Result = Literal["pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"]
Answers = dict[tuple[str, Kind], Answer]

MAX_RECORD = 4 << 10
"""Characters of a record. RFC 7208 3.4 recommends 450 bytes; a longer record costs us time."""
_NOUGHT = re.compile(r"%\{[a-z]0+r?[-.+,/_=]*\}", re.IGNORECASE)
"""A macro of no parts, which is invalid (RFC 7208 7.3)."""
WORK_SECONDS = 0.15
"""Processor time for one message; ordinary records take a thousandth of it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """result: RFC 7208 2.6; domain: the one evaluated, A-labels; why: for temperror and permerror; ours: as in TemporaryFailure."""

    result: Result
    domain: str
    identity: Literal["mailfrom", "helo"]
    why: str = ""
    ours: bool = False


class _Needed(BaseException):
    """Another answer is needed. A BaseException, so that pyspf does not catch it."""

    def __init__(self, name: str, kind: Kind) -> None:
        super().__init__(name, kind)
        self.name = name
        self.kind = kind


async def check(resolver: Resolver, *, client: str, sender: str, helo: str, seconds: float) -> Verdict:
    """Evaluate one envelope. client: an IP address; sender: reverse path, "" for the null sender, where the HELO name counts (RFC
    7208 2.4); seconds: for all queries together (4.6.4)."""
    identity: Literal["mailfrom", "helo"] = "mailfrom" if sender else "helo"
    local, _, domain = sender.rpartition("@") if sender else ("postmaster", "", helo)
    domain = a_labels(domain.rstrip("."))
    if not is_domain(domain):
        return Verdict("none", domain, identity)
    answers: Answers = {}
    work = 0.0
    try:
        async with asyncio.timeout(seconds):
            while True:
                begun = time.perf_counter()
                done = _run(client, (local or "postmaster", domain), a_labels(helo), answers)
                work += time.perf_counter() - begun
                if not isinstance(done, _Needed):
                    return Verdict(done[0], domain, identity, done[1])
                if work > WORK_SECONDS:
                    return Verdict("permerror", domain, identity, "its records cost too much to read")
                answers[done.name, done.kind] = await resolver.ask(done.name, done.kind)
    except TimeoutError:
        return Verdict("temperror", domain, identity, "no answer in time")
    except TemporaryFailure as error:
        return Verdict("temperror", domain, identity, error.why, error.ours)


def _run(client: str, sender: tuple[str, str], helo: str, answers: Answers) -> tuple[Result, str] | _Needed:
    try:
        result, _, words = _Query(client, sender, helo, answers).check()
    except _Needed as needed:
        return needed
    except Exception as error:  # noqa: BLE001 - a record that brings it down is one that cannot be read
        return "permerror", type(error).__name__
    if result == "ambiguous":
        return "permerror", "ambiguous"
    return cast(Result, result), words.partition(": ")[2][:200] if result in ("permerror", "temperror") else ""


class _Query(pyspf.query):  # type: ignore[misc] # it has no types
    """pyspf's evaluation over known answers."""

    def __init__(self, client: str, sender: tuple[str, str], helo: str, answers: Mapping[tuple[str, Kind], Answer]) -> None:
        super().__init__(i=client, s="@".join(sender), h=helo, strict=True)
        self.l, self.o = sender  # it would divide at the first @, also of a quoted local part
        self.d = self.o
        self._answers = answers

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[Any]:
        name = str(name).rstrip(".").lower()
        if not is_name(name):
            return []
        answer = self._answers.get((name, cast(Kind, qtype)))
        if answer is None:
            raise _Needed(name, cast(Kind, qtype))
        if qtype == "TXT" and any(_NOUGHT.search(value) for value in answer.values if value[:6].lower() == "v=spf1"):
            raise pyspf.PermError("Invalid macro")
        if answer.cut or (qtype == "TXT" and any(len(v) > MAX_RECORD and v[:6].lower() == "v=spf1" for v in answer.values)):
            raise pyspf.PermError("Record too long")
        if not answer.values and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > pyspf.MAX_VOID_LOOKUPS:
                raise pyspf.PermError(f"Void lookup limit of {pyspf.MAX_VOID_LOOKUPS} exceeded")
        return [_value(qtype, value) for value in answer.values]

    def get_explanation(self, spec: str) -> None:
        """Do not fetch a stranger's explanation."""


@lru_cache(maxsize=256)
def _value(qtype: str, text: str) -> Any:
    """A value in pyspf's form."""
    if qtype == "TXT":
        return (text.encode("latin-1"),)
    if qtype == "MX":
        preference, _, host = text.partition(" ")
        return int(preference), host
    return text
