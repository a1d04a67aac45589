"""A witness that runs as it is shipped: tools/witness.py in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools" / "witness.py"
NAME = "witness.county.example/w1"


def call(*arguments: str | Path) -> tuple[int, str]:
    """What one of its commands ends with and prints."""
    done = subprocess.run([sys.executable, "-I", TOOL, *arguments], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def made(folder: Path, *trusted: Path, name: str = NAME) -> str:
    """A folder with a key, which trusts these ledgers. Returns the witness's public key."""
    _, key = call("key", folder, name)
    for public in trusted:
        assert call("trust", folder, public)[1].startswith("civicmail-ledger-")
    return key.strip()


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[str]:
    """The URL at which it answers."""
    command = [sys.executable, "-I", TOOL, "serve", folder, "--address", "127.0.0.1:0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip().rpartition(":")[2]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
