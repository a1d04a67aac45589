"""Every setting, its type, its default and one sentence about it. The file is TOML; loading it is load.py's business.

A setting without help text does not exist: `civicmail config explain KEY` and the test of the docs read it from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def _setting(default: Any, help_: str) -> Any:
    if isinstance(default, (list, dict)):
        return field(default_factory=default.copy, metadata={"help": help_})
    return field(default=default, metadata={"help": help_})


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    name: str = _setting("Sample City", "What the city is called on pages and in letters.")
    domains: list[str] = _setting(
        ["city.example"], "The mail domains of the city, lower case; the first one is used for our own mail."
    )
    hostname: str = _setting("", "The name that our servers give in greetings and Received lines; empty: mail.<first domain>.")

    @property
    def host(self) -> str:
        return self.hostname or f"mail.{self.domains[0]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    kind: str = _setting("mx", "What comes in here: mx, submission, relay, lmtp or journal.")
    address: str = _setting("127.0.0.1", "The address to listen on.")
    port: int = _setting(2525, "The port to listen on.")
    peers: list[str] = _setting([], "relay, lmtp and journal: networks (CIDR) that may use it; empty: loopback only.")
    client_ca: str = _setting("", "relay: a PEM file with the authority whose client certificates are peers too.")
    tls: str = _setting("starttls", "starttls, implicit or off; without a certificate only off.")
    certificate: str = _setting("", "The PEM file with the certificate chain.")
    key: str = _setting("", "The PEM file with the private key.")
    line_ends: str = _setting("", "reject or normalise bare CR, LF and NUL; empty: reject on mx, normalise elsewhere.")
    dsn: bool = _setting(False, "Whether delivery status notifications (RFC 3461) are offered here.")
    xclient: list[str] = _setting([], "Networks that may speak for other clients with XCLIENT and XFORWARD.")
    proxy: list[str] = _setting([], "Networks of load balancers that begin each connection with a PROXY header (version 1 or 2).")
    verdicts: list[str] = _setting(
        [], "Networks of edge servers whose verdict headers (X-Spam, Authentication-Results …) are kept as findings."
    )
    chunking: bool = _setting(False, "Whether BDAT (RFC 3030) is offered here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    listener: list[Listener] = field(default_factory=lambda: [Listener()], metadata={"help": "One table for each listener."})
    processes: int = _setting(1, "How many gateway processes `civicmail run` starts; all of them listen on the same ports.")
    max_message: int = _setting(52_428_800, "The largest message in bytes.")
    max_recipients: int = _setting(1000, "The most recipients in one transaction; more are told to come in the next one.")
    max_connections: int = _setting(1000, "The most connections of one gateway process at a time.")
    max_per_address: int = _setting(200, "The most connections from one address at a time.")
    max_received: int = _setting(50, "A message with more Received lines than this is in a loop.")
    timeout: int = _setting(300, "Seconds without progress after which a client is let go.")
    min_free: int = _setting(
        1_073_741_824, "Bytes that must stay free on the volume of the data folder; below it new mail is told 452."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    local: str = _setting("maildir", "Where mail for the city's domains goes: maildir, lmtp://host:port or smtp://host:port.")
    outbound: str = _setting("", "Where other mail goes: smtp://host:port of a smart host; empty: it waits.")
    elsewhere: str = _setting("", "The old system, for mail to whoever is in no live department; empty: everybody is here.")
    smart_host_log: str = _setting("", "The log of the Postfix behind outbound; what it says of each delivery is recorded.")
    route: dict[str, str] = _setting({}, "Next hops by address, then by domain, before local and outbound.")
    retry_first: int = _setting(60, "Seconds until the second attempt; each later wait is twice as long.")
    retry_most: int = _setting(3600, "The longest wait between two attempts in seconds.")
    expire: int = _setting(432_000, "Seconds after which a message that could not be delivered fails for good.")
    concurrency: int = _setting(20, "The most connections to one next hop at a time.")
    timeout: int = _setting(300, "Seconds to wait for a next hop's answer.")
    tls: str = _setting("opportunistic", "TLS to next hops: opportunistic, required (verified) or off.")
    tls_ca: str = _setting("", "A PEM file of authorities for next hops, instead of the system's.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    unsealed_most: int = _setting(268_435_456, "Bytes of closed journal files above which they are sealed at once.")
    seal_every: int = _setting(300, "Seconds between two seals of closed journal files.")
    checkpoint_every: int = _setting(3600, "Seconds between two signed checkpoints of the ledger.")
    acknowledge: str = _setting("local", "When a message is acknowledged: local (kept here) or standby (kept there, too).")
    standby: str = _setting("", "The second place: a folder on another disk, or tls://host:port; empty: there is none.")
    standby_wait: int = _setting(10, "Seconds to wait for the second place before a message is not acknowledged.")
    without_standby: str = _setting(
        "later", "When the second place is away: later (451, the client comes again) or local (kept here alone, alarmed)."
    )
    standby_certificate: str = _setting("", "tls: the PEM file with the certificate chain that we show to the second place.")
    standby_key: str = _setting("", "tls: the PEM file with its private key.")
    standby_ca: str = _setting("", "tls: a PEM file with the authority that issued the certificates of both places.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    memory: int = _setting(134_217_728, "Bytes of memory of one index writer.")
    open_writers: int = _setting(4, "The most index writers open at a time.")
    ocr_languages: str = _setting("eng+spa", "Languages of scans, as tesseract names them, joined by +.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    address: str = _setting("127.0.0.1", "The address of the pages.")
    port: int = _setting(8025, "The port of the pages.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    level: str = _setting("info", "The least level that is logged: debug, info, warning or error.")
    format: str = _setting("text", "text for people, json for machines; both go to stderr.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    city: City = field(default_factory=City, metadata={"help": "Who we are."})
    gateway: Gateway = field(default_factory=Gateway, metadata={"help": "How mail is heard."})
    courier: Courier = field(default_factory=Courier, metadata={"help": "How mail is delivered."})
    archive: Archive = field(default_factory=Archive, metadata={"help": "How mail is kept."})
    search: Search = field(default_factory=Search, metadata={"help": "How mail is indexed."})
    web: Web = field(default_factory=Web, metadata={"help": "The pages."})
    log: Log = field(default_factory=Log, metadata={"help": "What is logged."})
