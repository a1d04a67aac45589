"""MTA-STS: a domain's policy for TLS of its servers, read over HTTPS (RFC 8461). Parsing is pure; `fetch` asks the network.

Only a policy in mode `enforce` proves anything: it names the servers, and an authority must vouch for each of them.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from civicmail.core.config.deadline import within
from civicmail.core.wire.hosts import public_addresses
from civicmail.mail.screening.published_records import is_sts

LARGEST = 64 << 10
SECONDS, WHOLE = 10, 30
"""For each part of an answer that is waited for, and for all of it."""
HTTPS = 443
PATH = "/.well-known/mta-sts.txt"
_MAX_NAMES = 100
_NAME = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*", re.ASCII)
_BEGINS = re.compile(r"v=STSv1[ \t]*;")


@dataclass(frozen=True, slots=True)
class Policy:
    """mode: enforce, testing or none; servers: names, or *.names; max_age: seconds for which it may be believed."""

    mode: str
    servers: tuple[str, ...]
    max_age: int

    def names(self, server: str) -> bool:
        """Whether mail may go to this server (RFC 8461 4.1): a wildcard matches one label."""
        server = server.lower().rstrip(".")
        return any(server == name or (name[:2] == "*." and server.partition(".")[2] == name[2:]) for name in self.servers)


def is_published(records: list[str]) -> bool:
    """Whether exactly one TXT record is of MTA-STS, and announces a policy (RFC 8461 3.1)."""
    texts = [text for text in records if _BEGINS.match(text)]
    return len(texts) == 1 and is_sts(texts[0])


def parse(text: str) -> Policy | None:
    """The policy; None if it is invalid, as for a server without a name (RFC 8461 3.2). Of a repeated field the first counts."""
    fields: dict[str, str] = {}
    servers: list[str] = []
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        if colon and name == "mx":
            servers.append(value.lower().rstrip("."))
        elif colon:
            fields.setdefault(name, value)
    age = fields.get("max_age", "")
    if fields.get("version") != "STSv1" or fields.get("mode") not in ("enforce", "testing", "none") or not _is_number(age):
        return None
    if (fields["mode"] != "none" and not servers) or not all(map(_NAME.fullmatch, servers)):
        return None
    return Policy(fields["mode"], tuple(servers[:_MAX_NAMES]), min(int(age), 31_557_600))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 10


def fetch(
    domain: str,
    context: ssl.SSLContext | None = None,
    address: tuple[str, int] | None = None,
    inside: Sequence[str] = (),
    seconds: float = WHOLE,
) -> str:
    """The published text of a domain; blocks. No redirect is followed (RFC 8461 3.3). address: of the server, instead of the DNS
    answer, which must be public or in a network of inside. seconds: for the whole request. Raises OSError,
    http.client.HTTPException, ValueError."""
    host = f"mta-sts.{domain}"
    if address is None:
        addresses = socket.getaddrinfo(host, HTTPS, type=socket.SOCK_STREAM)
        address = public_addresses(host, HTTPS, addresses, inside)[0], HTTPS
    connection = _Connection(host, context or ssl.create_default_context(), address)
    try:
        with within(connection, seconds):
            connection.request("GET", PATH, headers={"Host": host})
            answer = connection.getresponse()
            kind = (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower()
            content = answer.read(LARGEST + 1)
    finally:
        connection.close()
    if answer.status != 200 or kind != "text/plain" or len(content) > LARGEST:
        raise ValueError("it publishes no policy there")
    return content.decode("utf-8", "replace")


class _Connection(http.client.HTTPSConnection):
    """To an address that is known, in the name that the certificate must have."""

    def __init__(self, host: str, context: ssl.SSLContext, address: tuple[str, int]) -> None:
        super().__init__(host, timeout=SECONDS, context=context)
        self._context_, self._address = context, address

    def connect(self) -> None:
        plain = http.client.HTTPConnection(*self._address, timeout=SECONDS)
        plain.connect()
        self.sock = self._context_.wrap_socket(plain.sock, server_hostname=self.host)
