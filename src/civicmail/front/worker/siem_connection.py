"""Connections to a SIEM: TLS and TCP (RFC 5425, RFC 6587), UDP (RFC 5426), local socket.

Syslog has no acknowledgment. Events of a stream count once the receiver has read to our end and closed without a fault, some
seconds after the last event; before that `confirm` raises. UDP has no confirmation at all.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from civicmail.core.config.errors import ConfigError, LaterError
from civicmail.core.config.settings import Siem
from civicmail.front.worker.syslog import datagram, octet_counted

TIMEOUT = 10.0
"""Seconds for connecting, for each write, and for the receiver's end."""


class Away(LaterError):
    """The receiver does not take events. Says why."""


class Wire(Protocol):
    """One connection. is_stream: the receiver confirms its end."""

    is_stream: bool

    def send(self, message: bytes, /) -> None: ...
    def require_there(self) -> None: ...
    def confirm(self) -> None: ...
    def close(self) -> None: ...


def connect(siem: Siem) -> Wire:
    """Raises Away, and ConfigError for files of the settings that cannot be read."""
    if not siem.url:
        raise ConfigError(f"oversight.siem {siem.name} has no url.")
    parts = urlsplit(siem.url)
    try:
        if parts.scheme == "unix":
            return Datagrams(siem, socket.AF_UNIX, parts.path)
        if parts.scheme == "udp":
            family, _, _, _, where = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_DGRAM)[0]
            return Datagrams(siem, family, where)
        wire: socket.socket = socket.create_connection((parts.hostname, parts.port), TIMEOUT)
        if parts.scheme == "tls":
            wire = _context(siem).wrap_socket(wire, server_hostname=parts.hostname)
        return Stream(siem, wire)
    except OSError as error:
        raise Away(f"{siem.url} cannot be reached: {_words(error)}") from None


def _context(siem: Siem) -> ssl.SSLContext:
    """TLS 1.2 at least, the receiver's name checked (RFC 5425 4.2, 5.2)."""
    try:
        made = ssl.create_default_context(cafile=siem.ca or None)
        if siem.certificate:
            made.load_cert_chain(siem.certificate, siem.key or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"A certificate or key of {siem.name} cannot be read: {_words(error)}.") from None
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


class Stream:
    """TCP or TLS: octet counting for syslog, a line each for JSON."""

    is_stream = True

    def __init__(self, siem: Siem, wire: socket.socket) -> None:
        self._wire, self._is_json = wire, siem.format == "ocsf"
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def send(self, message: bytes, /) -> None:
        try:
            self._wire.sendall(message + b"\n" if self._is_json else octet_counted(message))
        except OSError as error:
            raise Away(f"The connection broke: {_words(error)}") from None

    def require_there(self) -> None:
        """Raise Away where the receiver has ended the connection; what it says is of no interest."""
        self._wire.setblocking(False)
        try:
            reply = self._wire.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError as error:
            raise Away(f"The connection broke: {_words(error)}") from None
        finally:
            with suppress(OSError):
                self._wire.settimeout(TIMEOUT)
        if not reply:
            raise Away("The receiver ended the connection.")

    def confirm(self) -> None:
        """Say that this is the end, and wait for the receiver's. Raises Away where it did not read all of it."""
        try:
            if isinstance(self._wire, ssl.SSLSocket):
                self._wire = self._end_of_tls(self._wire)
            with suppress(ssl.SSLError):
                self._wire.shutdown(socket.SHUT_WR)
            while self._wire.recv(4096):
                pass
        except OSError as error:
            raise Away(f"The receiver did not read to the end: {_words(error)}") from None
        finally:
            self.close()

    def _end_of_tls(self, wire: ssl.SSLSocket) -> socket.socket:
        """The socket below. Who closes without saying so in TLS has closed all the same."""
        try:
            return wire.unwrap()
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return wire

    def close(self) -> None:
        with suppress(OSError):
            self._wire.close()


class Datagrams:
    """UDP, or a socket of this machine such as /dev/log: an event is a datagram."""

    is_stream = False

    def __init__(self, siem: Siem, family: int, where: Any) -> None:
        self._is_cut = family != socket.AF_UNIX and siem.format != "ocsf"
        self._wire = socket.socket(family, socket.SOCK_DGRAM)
        self._wire.settimeout(TIMEOUT)
        try:
            if isinstance(where, str) and not Path(where).exists():
                raise FileNotFoundError(2, "there is no such socket")
            self._wire.connect(where)
        except OSError:
            self._wire.close()
            raise

    def send(self, message: bytes, /) -> None:
        try:
            self._wire.send(datagram(message) if self._is_cut else message)
        except OSError as error:
            raise Away(f"A datagram could not be sent: {_words(error)}") from None

    def require_there(self) -> None:
        """Datagrams cannot tell."""

    def confirm(self) -> None:
        """Sent is all that there is."""

    def close(self) -> None:
        self._wire.close()


def _words(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
