"""A connection to an untrusted IMAP server (RFC 9051): TLS, sign-in, and bounded answers.

A failure is one of four: Throttled (retry), MailboxRefused (this mailbox needs a person), BadServer (the server violates IMAP),
ConfigError (nothing can be imported with these settings).
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from civicmail.core.config.errors import ConfigError
from civicmail.core.wire.hosts import is_this_machine
from civicmail.mail.importers.errors import BadServer, MailboxRefused
from civicmail.mail.importers.remote.source import Dropped, Renumbered, Throttled
from civicmail.mail.importers.remote.tokens import Tokens, secret
from civicmail.mail.importers.remote.web import context_of

TIMEOUT = 120.0
MAX_LINES = 64 << 20
"""Bytes of literals that an answer without messages may have."""
_LATER = re.compile(
    r"\[(?:THROTTLED|OVERQUOTA|UNAVAILABLE|INUSE|LIMIT)\b|too many|try again|throttl|"
    r"system busy|server unavailable|bandwidth|suggested backoff|temporar",
    re.IGNORECASE,
)
_BACKOFF = re.compile(r"(?:backoff|retry|wait)\D{0,24}?(\d{1,8})\s*(ms|milliseconds|s\b|sec)?", re.IGNORECASE)
_WAYS = ("login", "plain", "xoauth2", "oauthbearer")


@dataclass(frozen=True, slots=True)
class Login:
    """How to sign in to a mailbox. way: login, plain, xoauth2, oauthbearer; user: a pattern with {mailbox}; password_file or
    tokens."""

    way: str
    user: str = "{mailbox}"
    password_file: str = ""
    tokens: Tokens | None = None

    def __post_init__(self) -> None:
        if self.way not in _WAYS:
            raise ConfigError(f"login is {self.way!r}; it must be one of {', '.join(_WAYS)}.")
        if self.way in ("login", "plain") and not self.password_file:
            raise ConfigError(f"login = {self.way!r} needs password_file.")
        if self.way in ("xoauth2", "oauthbearer") and self.tokens is None:
            raise ConfigError(f"login = {self.way!r} needs [token].")


class Server:
    """url: imaps://host[:port] for TLS from the start, imap://host[:port] for STARTTLS, which is required; without TLS only
    on this machine, where the server has no STARTTLS. ca: PEM file of authorities, "" for the system's."""

    def __init__(self, url: str, ca: str = "") -> None:
        to = urlsplit(url)
        if to.scheme not in ("imap", "imaps") or not to.hostname or to.path.strip("/") or to.username:
            raise ConfigError(f"server is {url!r}; it must be like imaps://imap.example.com:993.")
        self.host, self.implicit = to.hostname, to.scheme == "imaps"
        self.port = to.port or (993 if self.implicit else 143)
        self._context = context_of(ca)

    def connected(self) -> Wire:
        """A connection with TLS, or to this machine. Raises Throttled, BadServer, ConfigError."""
        with _plainly(self.host):
            if self.implicit:
                return _SecureWire(self.host, self.port, ssl_context=self._context, timeout=TIMEOUT)
            wire = Wire(self.host, self.port, timeout=TIMEOUT)
            try:
                if "STARTTLS" in wire.capabilities:
                    wire.starttls(self._context)
                elif not is_this_machine(self.host):
                    raise ConfigError(f"{self.host} offers no STARTTLS, so a password would be sent in clear. Use imaps://.")
            except BaseException:
                with suppress(OSError):  # a socket that failed to become TLS is closed already
                    wire.shutdown()
                raise
        return wire


class Wire(imaplib.IMAP4):
    """imaplib with a limit on what one answer may bring."""

    most = MAX_LINES
    """Bytes that the literals of the next answer may have together."""
    _encoding: str  # of what is sent: names of folders may be UTF-8

    def read(self, size: int) -> bytes:
        self.most -= size
        if self.most < 0:
            raise BadServer(f"{self.host} announces more bytes than it said a message has")
        return super().read(size)


class _SecureWire(Wire, imaplib.IMAP4_SSL):
    pass


def sign_in(wire: Wire, login: Login, mailbox: str) -> None:
    """Raises MailboxRefused, Throttled, BadServer, ConfigError."""
    user = login.user.replace("{mailbox}", mailbox)
    wire._encoding = "utf-8"
    with _plainly(wire.host):
        if login.way == "login":
            ok(wire.login(quoted(user), secret(login.password_file)))
        elif login.way == "plain":
            authzid = mailbox if "{mailbox}" not in login.user else ""
            text = f"{authzid}\0{user}\0{secret(login.password_file)}".encode()
            wire.authenticate("PLAIN", lambda _: text)
        else:
            _by_token(wire, login, user, mailbox)


def _by_token(wire: Wire, login: Login, user: str, mailbox: str) -> None:
    """SASL OAUTHBEARER (RFC 7628) or XOAUTH2, which Microsoft and Google document. A refused token is got anew next time."""
    assert login.tokens is not None
    token = login.tokens.token(mailbox)
    if login.way == "oauthbearer":
        response = f"n,a={_saslname(user)},\1host={wire.host}\1port={wire.port}\1auth=Bearer {token}\1\1"
        end = b"\1"
    else:
        response, end = f"user={user}\1auth=Bearer {token}\1\1", b""
    rounds = 0

    def answer(_: bytes) -> bytes:
        nonlocal rounds
        rounds += 1
        return response.encode() if rounds == 1 else end  # a second question is the server's reason for refusing

    try:
        wire.authenticate(login.way.upper(), answer)
    except imaplib.IMAP4.error:
        login.tokens.forget(mailbox)
        raise


def _saslname(name: str) -> str:
    return name.replace("=", "=3D").replace(",", "=2C")


def ok[Answer](reply: tuple[str, Answer]) -> Answer:
    """Raises imaplib's error for NO and BAD, as `answering` sorts it."""
    if reply[0] != "OK":
        raise imaplib.IMAP4.error(f"{reply[0]} {_text(reply[1])}")
    return reply[1]


@contextmanager
def answering(wire: Wire, most: int = MAX_LINES) -> Iterator[None]:
    """Commands, and what their failures mean. most: bytes of literals."""
    wire.most = most
    with _plainly(wire.host):
        yield


@contextmanager
def _plainly(host: str) -> Iterator[None]:
    """imaplib's errors as ours."""
    try:
        yield
    except (Throttled, Renumbered, BadServer, MailboxRefused, ConfigError):
        raise
    except ssl.SSLCertVerificationError as error:
        raise ConfigError(f"The certificate of {host} does not verify: {error.verify_message}. Nothing was sent to it.") from None
    except imaplib.IMAP4.abort as error:
        text = str(error)
        if "unexpected" in text or "got more than" in text:
            raise BadServer(f"{host} does not speak IMAP as it should: {text[:200]}") from error
        raise Dropped(f"{host} closed the connection: {text[:200]}", backoff_of(text)) from error
    except imaplib.IMAP4.error as error:
        raise _sorted(host, str(error)) from error
    except OSError as error:
        raise Dropped(f"{host} does not answer: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:  # what imaplib does not look for
        raise BadServer(f"{host} does not speak IMAP as it should: {type(error).__name__}") from error


def _sorted(host: str, text: str) -> Exception:
    text = text.removeprefix("b'").removesuffix("'")[:300]
    if _LATER.search(text):
        return Throttled(f"{host} says {text}", backoff_of(text))
    if "error: BAD" in text or "got more than" in text or "not IMAP4 compliant" in text:
        return BadServer(f"{host} does not speak IMAP as it should: {text}")
    return MailboxRefused(f"{host} says {text}")


def backoff_of(text: str) -> float:
    """Seconds that a server requests to wait, as Exchange writes it ("Suggested Backoff Time: 299961 milliseconds"); else 0."""
    match = _BACKOFF.search(text)
    if match is None:
        return 0.0
    wait = int(match[1]) / (1000 if (match[2] or "ms").lower().startswith("m") else 1)
    return min(wait, 3600.0)


def _text(answer: Any) -> str:
    last = answer[-1] if isinstance(answer, list) and answer else answer
    return last.decode("utf-8", "replace") if isinstance(last, bytes) else str(last)


def quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def goodbye(wire: Wire | None) -> None:
    if wire is not None:
        with suppress(imaplib.IMAP4.error, OSError, BadServer):
            wire.sock.settimeout(5)
            wire.logout()
        with suppress(OSError):
            wire.shutdown()
