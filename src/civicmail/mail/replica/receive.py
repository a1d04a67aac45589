"""`civicmail standby serve`: receive one installation over TLS. A broken connection loses nothing that was confirmed."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from pathlib import Path

from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.replica import links, messages
from civicmail.mail.replica.copy_folder import Copy
from civicmail.mail.replica.errors import StandbyGone

SILENT_SECONDS = 30.0
REPLACED_SECONDS = 3.0
"""A primary speaks every second. One that is silent is gone after so long, and sooner when another connection waits."""

log = get_logger()


class Receiver:
    """Listens from its making until close(); serve() handles one connection after the other."""

    def __init__(self, folder: Path, address: str, port: int, context: ssl.SSLContext, files: Files = OS_FILES) -> None:
        self._folder = folder
        self._context = context
        self._files = files
        Copy(folder, files).close()  # reports at once if the folder is unusable
        try:
            self._door = socket.create_server((address, port))
        except OSError as error:
            raise StandbyGone(f"Nothing can listen on {address} port {port}: {error.strerror or error}.") from None
        self.port = int(self._door.getsockname()[1])

    def close(self) -> None:
        self._door.close()

    def serve(self, stop: threading.Event) -> None:
        """Until stop is set, within a second."""
        while not stop.is_set():
            if not select.select([self._door], [], [], 0.2)[0]:
                continue
            try:
                plain, peer = self._door.accept()
                plain.settimeout(SILENT_SECONDS)
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._context.wrap_socket(plain, server_side=True) as wire:
                    log.info("standby.connected", peer=peer[0])
                    self._talk(wire, stop)
            except (OSError, ssl.SSLError, ValueError, EOFError, CivicmailError) as error:
                log.warning("standby.disconnected", why=type(error).__name__)

    def _talk(self, wire: ssl.SSLSocket, stop: threading.Event) -> None:
        try:
            copy = Copy(self._folder, self._files)
        except CivicmailError as error:
            wire.sendall(_failure(error))
            raise
        heard = time.monotonic()
        with contextlib.closing(copy):
            while not stop.is_set():
                if wire.pending() or wire in (ready := select.select([wire, self._door], [], [], 0.2)[0]):
                    self._one(copy, wire)
                    heard = time.monotonic()
                    continue
                copy.require_unfenced()  # also while the primary is silent: a restore waits for us
                if time.monotonic() - heard > (REPLACED_SECONDS if ready else SILENT_SECONDS):
                    raise EOFError("the primary is silent")

    def _one(self, copy: Copy, wire: ssl.SSLSocket) -> None:
        head, body = links.read(wire)
        try:
            answer = links.handle(copy, head, body)
        except (CivicmailError, OSError, KeyError, TypeError) as error:
            wire.sendall(_failure(error))
            raise
        if answer is not None:
            wire.sendall(messages.encode(answer))


def _failure(error: Exception) -> bytes:
    text = str(error) if isinstance(error, CivicmailError) else f"The standby says: {error}."
    return messages.encode({"error": type(error).__name__, "text": text})
