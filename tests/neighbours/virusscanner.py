"""A private clamd with signatures of our own and the file of deploy/, for what asks it itself (milters.py: the one of Postfix)."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
from pathlib import Path

from neighbours.process import Process, program, scratch_folder
from neighbours.shipped import shipped

EICAR = b"".join((rb"X5O!P%@AP[4\PZX54(P^)7CC)7}", b"$EICAR-STANDARD-", rb"ANTIVIRUS-TEST-FILE!$H+H*"))
"""Built at run time, so that no scanner takes a checkout for it."""
MARK = b"CIVICMAIL-TEST-MARKER-" + b"7f3a"
LARGEST = 2 << 20
"""Bytes that it takes, so that too much is soon sent."""


class Clamd:
    """Use it with `with`. address: as settings.screening.clamd has it. Signatures: EICAR as a file, MARK anywhere."""

    def __init__(self) -> None:
        self.folder = scratch_folder("clamd")
        self.address = f"unix:{self.folder}/clamd.ctl"
        for name in ("db", "tmp"):
            (self.folder / name).mkdir()
        database = self.folder / "db"
        (database / "own.hdb").write_text(f"{hashlib.md5(EICAR).hexdigest()}:{len(EICAR)}:Civicmail.Test.Eicar\n")
        (database / "own.ndb").write_text(f"Civicmail.Test.Marker:0:*:{MARK.hex()}\n")
        changes = {
            "/run/clamav": str(self.folder),
            "/var/lib/clamav": str(database),
            "TemporaryDirectory /tmp": f"TemporaryDirectory {self.folder}/tmp",
            "StreamMaxLength 60M": f"StreamMaxLength {LARGEST >> 20}M",
            "User clamav\n": "User clamav\n" if os.geteuid() == 0 else "",
        }
        (self.folder / "clamd.conf").write_text(shipped("clamav/clamd.conf", changes))
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                shutil.chown(path, "clamav", "clamav")
        self.start()

    def start(self) -> None:
        self.process = Process([program("clamd"), "-c", str(self.folder / "clamd.conf")], self.folder)
        self.process.wait_until(lambda: pong(self.folder / "clamd.ctl"))

    def pause(self) -> None:
        """It stands still: its socket takes connections, and nobody answers."""
        os.kill(self.process.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.process.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """As a machine kills it that has no memory left: the socket's file stays."""
        self.process.kill()

    def __enter__(self) -> Clamd:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def pong(path: Path) -> bool:
    """Whether a clamd answers at this socket."""
    try:
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(1)
            wire.connect(str(path))
            wire.sendall(b"zPING\0")
            return wire.recv(16) == b"PONG\0"
    except OSError:
        return False
