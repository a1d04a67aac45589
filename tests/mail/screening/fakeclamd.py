"""A clamd in a thread, for what a real one does rarely: it dies while we send, says nothing, or says nonsense. `honest` obeys the
same contract as a real one (test_clamd.py asks both)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from neighbours.virusscanner import EICAR, LARGEST, MARK

VERSION = "ClamAV 1.4.6/27345/Sun Mar  1 08:31:02 2026"
Way = Callable[[socket.socket, bytes], None]


class FakeClamd:
    """Use it with `with`. way: what it does with a connection after the first command; asked: the commands so far."""

    def __init__(self, folder: Path, way: Way | None = None, version: str = VERSION) -> None:
        self.path = folder / "clamd.ctl"
        self.address = f"unix:{self.path}"
        self.way = way or self.honest
        self.version = version
        self.asked: list[bytes] = []
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self.path))
        self._listening.listen(50)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> FakeClamd:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def honest(self, wire: socket.socket, command: bytes) -> None:
        if command == b"zPING":
            wire.sendall(b"PONG\0")
        elif command == b"zVERSION":
            wire.sendall(self.version.encode() + b"\0")
        elif command == b"zINSTREAM":
            self._scan(wire)

    def _scan(self, wire: socket.socket) -> None:
        content = b""
        while length := int.from_bytes(_exactly(wire, 4)):
            if len(content) + length > LARGEST:
                wire.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                return
            content += _exactly(wire, length)
        name = b"Civicmail.Test.Marker.UNOFFICIAL FOUND" if MARK in content else b"OK"
        wire.sendall(b"stream: " + (b"Civicmail.Test.Eicar.UNOFFICIAL FOUND" if content == EICAR else name) + b"\0")

    def _serve(self) -> None:
        while True:
            try:
                wire, _ = self._listening.accept()
            except OSError:
                return
            with wire, suppress(OSError):
                command = b""
                while not command.endswith(b"\0"):
                    command += _exactly(wire, 1)
                self.asked.append(command[:-1])
                self.way(wire, command[:-1])


def _exactly(wire: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = wire.recv(count - len(found))
        if not more:
            raise ConnectionError
        found += more
    return found
