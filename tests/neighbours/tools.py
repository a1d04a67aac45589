"""swaks, smtp-source and smtp-sink, each as one call."""

from __future__ import annotations

import shutil
import subprocess
import time

from civicmail.front.sample.installation import free_ports
from neighbours.process import Process, program, scratch_folder


class Sink:
    """A Postfix smtp-sink that takes everything, except as its flags say (-q . hangs up, -r DATA 4xx, -f RCPT 5xx, -W delays).

    Use it with `with`. keep=True writes each message to a file.
    """

    def __init__(self, *flags: str, keep: bool = False, port: int = 0, backlog: int = 500) -> None:
        self.folder = scratch_folder("sink")
        self.port = port or free_ports(1)[0]
        self.kept = self.folder / "mail"
        self.kept.mkdir()
        self.kept.chmod(0o777)
        dump = ["-d", f"{self.kept}/%M."] if keep else []
        self.process = Process(
            [program("smtp-sink"), "-u", "nobody", *dump, *flags, f"127.0.0.1:{self.port}", str(backlog)], self.folder
        )
        self.process.wait_for(self.port, b"" if "connect" in flags else b"220 ")

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.close(seconds=3)
        shutil.rmtree(self.folder, ignore_errors=True)

    def messages(self) -> list[bytes]:
        """What was kept: bytes with LF line ends and a few X- lines of the sink before them."""
        return [p.read_bytes() for p in sorted(self.kept.iterdir()) if p.stat().st_size]

    def wait_for(self, count: int, seconds: float = 60) -> list[bytes]:
        """Until so many messages are kept."""
        end = time.monotonic() + seconds
        while len(found := self.messages()) < count and time.monotonic() < end:
            time.sleep(0.05)
        return found


def smtp_source(
    port: int, count: int, *flags: str, sessions: int = 10, size: int = 5000, to: str = "ann@city.example", lmtp: bool = False
) -> subprocess.CompletedProcess[str]:
    """Send `count` generated messages; ends with 1 at the first refusal."""
    command = [program("smtp-source"), *(["-L"] if lmtp else []), "-d", "-s", str(sessions), "-m", str(count)]
    command += [] if "-F" in flags else ["-l", str(size)]
    command += ["-f", "load@source.example", "-t", to, *flags, f"inet:127.0.0.1:{port}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def swaks(
    port: int, *flags: str, to: str = "ann@city.example", sender: str = "carol@home.example"
) -> subprocess.CompletedProcess[str]:
    """One transaction in swaks's words; its dialogue is in stdout, exit 0 when the message was taken, 24 when no recipient was."""
    command = [
        program("swaks"),
        "--server",
        "127.0.0.1",
        "--port",
        str(port),
        "--from",
        sender,
        "--to",
        to,
        "--helo",
        "client.example",
    ]
    return subprocess.run([*command, *flags], capture_output=True, text=True, timeout=60, check=False)
