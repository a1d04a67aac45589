"""Links to a standby: a folder (another disk, a mount), or another host over TLS with certificates on both sides."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from civicmail.core.config.settings import Archive
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.replica import messages
from civicmail.mail.replica.copy_folder import Answer, Copy
from civicmail.mail.replica.errors import Diverged, Fenced, NotACopy, StandbyGone
from civicmail.mail.replica.messages import Head

_FAILURES: dict[str, type[Exception]] = {"Fenced": Fenced, "NotACopy": NotACopy, "Diverged": Diverged}


class Link(Protocol):
    """A connection to a copy. send: does not wait for a reply; the next ask() reports errors. Raises StandbyGone, Fenced, NotACopy,
    Diverged."""

    def send(self, head: Head, body: bytes = b"") -> None: ...
    def ask(self, head: Head) -> Answer: ...
    def close(self) -> None: ...


def handle(copy: Copy, head: Head, body: bytes) -> Answer | None:
    """Handle a message; return the reply to an `ask`, None to a `send`. Raises ValueError for an unknown message."""
    match head["do"]:
        case "append":
            copy.append(head, body)
        case "cut":
            copy.cut(head)
        case "put":
            copy.put(head, body)
        case "place":
            copy.place(head)
        case "sync":
            return copy.sync(head)
        case "turn":
            return copy.turn(head)
        case "hello":
            return copy.hello(head)
        case other:
            raise ValueError(f"{other[:40]!r} is no word between two places")
    return None


class FolderLink:
    """A folder on this machine, synced by this process. Raises LeaseHeld when another process writes that copy."""

    def __init__(self, folder: Path, files: Files = OS_FILES) -> None:
        self._copy = self._guarded(lambda: Copy(folder, files))

    def send(self, head: Head, body: bytes = b"") -> None:
        self._guarded(lambda: handle(self._copy, head, body))

    def ask(self, head: Head) -> Answer:
        return self._guarded(lambda: handle(self._copy, head, b"")) or {}

    def close(self) -> None:
        self._copy.close()

    def _guarded[T](self, work: Callable[[], T]) -> T:
        try:
            return work()
        except OSError as error:
            raise StandbyGone(f"The folder of the copy cannot be written: {error.strerror or error}.") from error


class TlsLink:
    """Another host, where `civicmail standby serve` receives. where: tls://host:port."""

    def __init__(self, where: str, context: ssl.SSLContext, timeout: float) -> None:
        place = urlsplit(where)
        self._where = place.netloc
        self._guard = (OSError, ssl.SSLError, ValueError, EOFError)
        try:
            plain = socket.create_connection((place.hostname or "", place.port or 0), timeout)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._wire = context.wrap_socket(plain, server_hostname=place.hostname)
        except self._guard as error:
            raise StandbyGone(f"The standby {self._where} cannot be reached: {_why(error)}.") from error

    def send(self, head: Head, body: bytes = b"") -> None:
        try:
            self._wire.sendall(messages.encode(head, body))
        except self._guard as error:
            self._reported(error)

    def ask(self, head: Head) -> Answer:
        try:
            self._wire.sendall(messages.encode(head))
            answer, _ = read(self._wire)
        except self._guard as error:
            raise StandbyGone(f"The standby {self._where} did not answer: {_why(error)}.") from error
        return self._checked(answer)

    def close(self) -> None:
        self._wire.close()

    def _reported(self, error: BaseException) -> None:
        """The error that the other side reported before it closed the connection while we were sending, if any."""
        with contextlib.suppress(*self._guard):
            self._checked(read(self._wire)[0])
        raise StandbyGone(f"The standby {self._where} is gone: {_why(error)}.") from error

    def _checked(self, answer: Answer) -> Answer:
        if "error" in answer:
            kind = _FAILURES.get(str(answer["error"]), StandbyGone)
            raise kind(str(answer.get("text", "")))
        return answer


def _why(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def read(wire: socket.socket) -> tuple[Head, bytes]:
    """Read one whole message. Raises EOFError if the other side has closed the connection, ValueError if the message is
    incomplete."""
    head_length, body_length, crc = messages.lengths(_exactly(wire, messages.FIXED.size))
    head = _exactly(wire, head_length)
    body = _exactly(wire, body_length)
    return messages.decode(head, body, crc), body


def _exactly(wire: socket.socket, count: int) -> bytes:
    content = bytearray(count)
    view, at = memoryview(content), 0
    while at < count:
        got = wire.recv_into(view[at:])
        if not got:
            raise EOFError("it hung up")
        at += got
    return bytes(content)


def context_of(settings: Archive, *, server: bool = False) -> ssl.SSLContext:
    """TLS 1.3 with certificates on both sides, all from one authority of the city's own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(settings.standby_certificate, settings.standby_key or None)
        context.load_verify_locations(settings.standby_ca)
    except (OSError, ssl.SSLError) as error:
        raise NotACopy(f"The certificate, key or authority of the standby cannot be used: {_why(error)}.") from None
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def open_link(settings: Archive, files: Files = OS_FILES) -> Link:
    """The way that the settings name. Raises StandbyGone, LeaseHeld, NotACopy."""
    if settings.standby.startswith("tls://"):
        return TlsLink(settings.standby, context_of(settings), float(settings.standby_wait))
    return FolderLink(Path(settings.standby), files)
