"""The certificate of a listener, which another program may renew while we run."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path

from civicmail.core.config.settings import Listener
from civicmail.mail.gateway.errors import ListenerError

POLL_SECONDS = 60.0


class Certificate:
    """A TLS context made from files. Raises ListenerError when they cannot be used."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._polled_at = 0.0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._stamp = self._load()
        if listener.client_ca:
            self._guarded(lambda: self.context.load_verify_locations(listener.client_ca))
            self.context.verify_mode = ssl.CERT_OPTIONAL

    def renew(self, now: float) -> bool:
        """Look once a minute whether the files have changed; new handshakes then use the new certificate."""
        if now - self._polled_at < POLL_SECONDS:
            return False
        self._polled_at = now
        if self._guarded(self._files) == self._stamp:
            return False
        self._stamp = self._load()
        return True

    def _load(self) -> tuple[int, ...]:
        stamp = self._guarded(self._files)
        for context in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self.context):  # a half-written pair must not spoil the one in use
            self._guarded(partial(context.load_cert_chain, self._listener.certificate, self._listener.key or None))
        return stamp

    def _files(self) -> tuple[int, ...]:
        return tuple(Path(p).stat().st_mtime_ns for p in (self._listener.certificate, self._listener.key) if p)

    def _guarded[T](self, work: Callable[[], T]) -> T:
        try:
            return work()
        except (OSError, ssl.SSLError) as error:
            files = f"The certificate files of the listener on port {self._listener.port} cannot be used"
            raise ListenerError(f"{files}: {_why(self._listener, error)}.") from None


def _why(listener: Listener, error: OSError) -> str:
    """The file, and the error in it; OpenSSL names neither."""
    given = {"certificate": listener.certificate, "key": listener.key or listener.certificate, "client_ca": listener.client_ca}
    for name, path in given.items():
        if not path:
            continue
        try:
            content = Path(path).read_bytes()
        except OSError as unread:
            return f"{name} {path}: {unread.strerror}"
        if (b"PRIVATE KEY-----" if name == "key" else b"-----BEGIN CERTIFICATE-----") not in content:
            return f"{path} has no {'private key' if name == 'key' else 'certificate'} in PEM form"
    if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
        return f"{listener.key or listener.certificate} has another certificate's key"
    return str(getattr(error, "reason", None) or error.strerror or "unreadable")
