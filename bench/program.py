"""Our own program as a benchmark runs it: the installed `civicmail`, fresh data folders, no shortcuts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from civicmail.front.sample import installation
from civicmail.front.sample.world import World

PROGRAM = str(Path(sys.executable).parent / "civicmail")


@contextmanager
def scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="civicmail-bench-"))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def init(data: Path) -> Path:
    subprocess.run([PROGRAM, "init", "--data", str(data)], check=True, capture_output=True)
    return data


def asked(*arguments: str) -> dict[str, int]:
    """The last JSON object that a command says."""
    done = subprocess.run([PROGRAM, *arguments, "--json"], check=True, capture_output=True)
    answer: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return answer


class Serving:
    """`civicmail run`, with or without a role, on free ports. pid: of the first process; port: of the relay listener."""

    def __init__(self, data: Path, *role: str) -> None:
        self.data = data
        self.world = World()
        self.ports = installation.Ports(*installation.free_ports(3))
        installation.make(
            data, installation.settings(self.ports, self.world.port).replace("[gateway]\n", "[gateway]\nmax_per_address = 1000\n")
        )
        self._log = (data / "run.log").open("ab")
        command = [PROGRAM, "run", *role, "--data", str(data)]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log, start_new_session=True)
        self.pid = self._process.pid

    @property
    def port(self) -> int:
        return self.ports.relay

    def __enter__(self) -> Serving:
        end = time.monotonic() + 20
        import socket

        while time.monotonic() < end:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as wire:
                    if wire.recv(4) == b"220 ":
                        return self
            except OSError:
                time.sleep(0.05)
        self.__exit__()
        raise RuntimeError((self.data / "run.log").read_text()[-2000:])

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._log.close()
        self.world.close()
