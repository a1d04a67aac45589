"""Commands of ours as processes that are forked from one which has imported the libraries of others: a third to a half of what a
command costs is their import. Modules of ours are imported by each anew, as by a command that somebody types.

    run(["search", "bridge", "--data", "/x"])            as subprocess.run([PROGRAM, ...], capture_output=True)
    run(python("print(1)"))                              as subprocess.run([sys.executable, "-c", ...], capture_output=True)

A connection for each: the command as JSON with three files, then the answers: its process id, and its exit code.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

LIBRARIES = (
    "annotated_types", "charset_normalizer", "cryptography.fernet", "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.ciphers.aead", "cryptography.x509", "django.contrib.auth.hashers",
    "django.contrib.staticfiles.handlers", "django.core.management.commands.migrate", "django.db.backends.sqlite3.base",
    "django.db.migrations.executor", "django.forms", "django.template.loader", "django.test.client", "django.views.generic",
    "dns.asyncresolver", "email.mime.multipart", "http.client", "jwt", "lxml.etree", "nh3", "numpy.random", "orjson", "psycopg",
    "pydantic", "pydantic_settings", "selectolax.lexbor", "structlog", "tantivy", "typer", "uvloop", "zoneinfo",
    "zstandard",
)  # fmt: skip
"""What is missing is only slower. No models: they want settings."""
_CODE = "-c"
_LARGEST = 1 << 20


def python(code: str) -> list[str]:
    """A program in Python, as a command."""
    return [_CODE, code]


def run(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, timeout: float, check: bool = False
) -> subprocess.CompletedProcess[bytes]:
    """What it wrote, and its exit code. env: None for ours. Raises CalledProcessError, and TimeoutExpired once it is killed."""
    asked = json.dumps({"command": list(command), "env": dict(os.environ if env is None else env), "cwd": str(Path.cwd())}).encode()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, open(os.devnull, "rb") as nothing:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
            wire.connect(_served())
            socket.send_fds(wire, [asked], [nothing.fileno(), out.fileno(), err.fileno()])
            pid = int(wire.recv(20))
            wire.settimeout(timeout)
            try:
                code = int(wire.recv(20))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(list(command), timeout) from None
        out.seek(0)
        err.seek(0)
        done = subprocess.CompletedProcess(list(command), code, out.read(), err.read())
    if check:
        done.check_returncode()
    return done


@cache
def _served() -> str:
    """The address of the one process, which ends with this one."""
    address = f"\0civicmail-{os.getpid()}-{os.urandom(4).hex()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(address)
        listening.listen(64)
        server = subprocess.Popen(
            [sys.executable, __file__, str(listening.fileno())], stdin=subprocess.PIPE, pass_fds=[listening.fileno()]
        )
    atexit.register(server.communicate)
    return address


def _serve(listening: socket.socket) -> dict[str, Any] | None:
    """Fork for each who asks; in the fork, what it was asked. None when nobody asks any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who waits for the command is a fork, too, and nobody waits for that
    while True:
        ready, _, _ = select.select([listening, 0], [], [])
        if listening not in ready:
            return None
        wire, _ = listening.accept()
        asked, files, _, _ = socket.recv_fds(wire, _LARGEST, 3)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listening.close()
            if (command := os.fork()) == 0:
                wire.close()
                for number, file in enumerate(files):
                    os.dup2(file, number)
                    os.close(file)
                return json.loads(asked)
            wire.send(b"%d" % command)
            _, status = os.waitpid(command, 0)
            with contextlib.suppress(OSError):
                wire.send(b"%d" % os.waitstatus_to_exitcode(status))
            os._exit(0)
        wire.close()
        for file in files:
            os.close(file)


def _main() -> None:
    listening = socket.socket(fileno=int(sys.argv[1]))
    sys.path.pop(0)  # this folder: nobody's import must find it
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    asked = _serve(listening)
    if asked is None:
        return
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    sys.path[:0] = [place for place in asked["env"].get("PYTHONPATH", "").split(os.pathsep) if place]
    if asked["command"][:1] == [_CODE]:
        sys.argv = [_CODE]
        exec(compile(asked["command"][1], "<string>", "exec"), {"__name__": "__main__"})
        return
    sys.argv = [str(Path(sys.executable).parent / "civicmail"), *asked["command"]]
    importlib.import_module("civicmail.front.cli.main").main()


if __name__ == "__main__":
    _main()
