"""OpenPGP (RFC 9580) by GnuPG's own program, in a sandboxed process: no network, no files, no key ring, no agent, no home.

The program is a neighbor, not a library of ours: GnuPG's license ends at the pipe (docs/decisions).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

SECONDS = 60
MEMORY = 1_500_000_000
_ALWAYS = ("--homedir", "/", "--no-options", "--batch", "--quiet", "--no-autostart", "--no-keyring", "--no-random-seed-file")
_TRUSTING = ("--no-permission-warning", "--lock-never", "--trust-model", "always", "--enable-special-filenames")


class NotEncrypted(Exception):
    """Why nothing was encrypted, in a few words."""


def program() -> str:
    """The path of gpg; empty if it is not installed."""
    return shutil.which("gpg") or ""


def encrypted(content: bytes, key: bytes) -> bytes:
    """content for the owner of this public key, as ASCII armor. Raises NotEncrypted: an expired, revoked or useless key."""
    fd = os.memfd_create("key")
    try:
        os.write(fd, key)
        os.lseek(fd, 0, os.SEEK_SET)
        return _run(["--armor", "--recipient-file", f"-&{fd}", "--encrypt", "--output", "-"], content, (fd,))
    finally:
        os.close(fd)


def addresses(key: bytes) -> tuple[str, ...]:
    """The addresses in a public key, lower case. Raises NotEncrypted if it cannot be read."""
    return named(_run(["--with-colons", "--show-keys", "-"], key).decode("utf-8", "replace"))


def named(listing: str) -> tuple[str, ...]:
    """The addresses of the user ids that are in force, in gpg's listing (doc/DETAILS, "Format of the colon listings"). Pure."""
    addresses = []
    for line in listing.splitlines():
        fields = line.split(":")
        if fields[0] == "uid" and len(fields) > 9 and fields[1] not in ("r", "e"):
            name = fields[9].replace("\\x3a", ":")
            addresses.append(name.rpartition("<")[2].rstrip(">").strip().lower())
    return tuple(addresses)


def _run(arguments: Sequence[str], content: bytes, fds: Sequence[int] = ()) -> bytes:
    if not (gpg := program()):
        raise NotEncrypted("there is no gpg on this machine")
    command = (sys.executable, "-I", "-m", "civicmail.core.sandbox.launch", str(MEMORY), str(SECONDS), gpg)
    try:
        done = subprocess.run(  # noqa: S603 - limited by launch.py; content and key come by pipes
            [*command, *_ALWAYS, *_TRUSTING, *arguments],
            input=content, capture_output=True, timeout=SECONDS + 20, check=False, cwd="/", pass_fds=tuple(fds),
            env={"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NotEncrypted("gpg took too long") from None
    if done.returncode != 0 or not done.stdout:
        stderr_lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NotEncrypted(stderr_lines[-1].rpartition(": ")[2] if stderr_lines else "gpg gave nothing back")
    return done.stdout
