"""IMAP and submission services from the settings (`[programs]`), and the DNS records by which mail programs find them.

RFC 6186 and RFC 8314: `_imaps` and `_submissions` are TLS from the start, `_imap` and `_submission` are STARTTLS; a missing service
is a record with the target "." only. Pure; the caller passes the function that queries the DNS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from civicmail.core.config.settings import Settings

Kind = Literal["imap", "submission"]
Lookup = Callable[[str], Sequence[tuple[int, str]]]
"""The (port, target) of the SRV records of a name, none if it has none. Raises OSError without an answer."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service. implicit: TLS from the start; otherwise STARTTLS."""

    kind: Kind
    host: str
    port: int
    implicit: bool

    @property
    def label(self) -> str:
        """Its name in the DNS."""
        return f"_{self.kind}{'s' if self.implicit else ''}._tcp"


@dataclass(frozen=True, slots=True)
class Services:
    """The services that the city offers to mail programs; None for each that it does not."""

    imap: Service | None = None
    submission: Service | None = None

    def __bool__(self) -> bool:
        return self.imap is not None or self.submission is not None

    def __iter__(self) -> Iterator[Service]:
        return (s for s in (self.imap, self.submission) if s is not None)


def from_settings(settings: Settings) -> Services:
    """The services of these settings, whose form was checked when they were read."""
    return Services(_service("imap", settings.programs.imap), _service("submission", settings.programs.submission))


def _service(kind: Kind, text: str) -> Service | None:
    if not text:
        return None
    parts = urlsplit(text)
    assert parts.hostname is not None and parts.port is not None  # core/config/values.py saw to it
    return Service(kind, parts.hostname, parts.port, parts.scheme.endswith("s"))


@dataclass(frozen=True, slots=True)
class Record:
    """One required SRV record. service: None for one that states that a service does not exist."""

    name: str
    port: int
    target: str
    service: Service | None = None

    def __str__(self) -> str:
        """The record as a line of a zone file."""
        return f"{self.name}. 3600 IN SRV {0 if self.service is None else 10} 0 {self.port} {self.target}"


def records(services: Services, domain: str) -> list[Record]:
    """The records that a domain should have. A way in that is not offered is denied only where the other one is: so programs do not
    try the clear one first (RFC 8314, 5.1)."""
    result = []
    for service in services:
        result.append(Record(f"{service.label}.{domain}", service.port, f"{service.host}.", service))
        alternative = f"_{service.kind}{'' if service.implicit else 's'}._tcp"
        result.append(Record(f"{alternative}.{domain}", 0, "."))
    return result


@dataclass(frozen=True, slots=True)
class RecordCheck:
    """The state of one record in the DNS: "there", "other" (detail: what is there instead), "missing", or "unknown" (detail:
    why)."""

    record: Record
    state: Literal["there", "other", "missing", "unknown"]
    detail: str = ""


def check(services: Services, domains: Sequence[str], lookup: Lookup) -> Iterator[RecordCheck]:
    """Compare the DNS with the expected records. After a failed query the remaining ones are not sent."""
    reason = ""
    for domain in domains:
        for record in records(services, domain):
            if not reason:
                try:
                    actual = [(port, _plain(target)) for port, target in lookup(record.name)]
                except OSError as error:
                    reason = str(error) or type(error).__name__
            yield RecordCheck(record, "unknown", reason) if reason else _compare(record, actual)


def _compare(record: Record, actual: Sequence[tuple[int, str]]) -> RecordCheck:
    expected = (record.port, _plain(record.target))
    if expected in actual:
        unexpected = [f"{host}:{port}" for port, host in actual if (port, host) != expected]
        return RecordCheck(record, "other", ", ".join(unexpected)) if unexpected else RecordCheck(record, "there")
    if not actual:
        return RecordCheck(record, "there" if record.service is None else "missing")
    return RecordCheck(record, "other", ", ".join(f"{host or '.'}:{port}" for port, host in actual))


def _plain(host: str) -> str:
    return host.rstrip(".").lower()
