"""What somebody tries who has taken over a reader of hostile files, in the sandbox that readers have (SECURITY.md)."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import civicmail
from civicmail.core.sandbox import child, confine
from civicmail.core.sandbox.errors import Unreadable
from civicmail.core.sandbox.pool import Pool
from core.sandbox.attempting import ATTEMPTS, SERVICE, Attempt

REAL = {
    "change the mode of a key", "change the times of a key", "read a key", "read another's mail", "cut mail off", "make a file",
    "set the limits of another process", "set the processor time of another process", "slow another process down",
    "send a signal to another process",
    "leave memory behind (memfd_create)", "share memory", "connect to this machine", "connect to a socket of another",
    "connect to a socket without a file", "start a process", "start many processes", "start a thread", "start a program",
    "make a pipe", "make a pair of sockets", "outlive its parent", "have a signal sent by a pipe",
}  # fmt: skip
"""Attempts that any user of any Linux has, without a sandbox."""

needs_all = pytest.mark.skipif(
    not {"landlock", "seccomp"} <= set(confine.in_force()), reason="this machine has not both Landlock and seccomp"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A city's files, a process of the same user, and who listens."""
    folder = tmp_path_factory.mktemp("city")
    key, mail = folder / "key", folder / "mail"
    key.write_text("key")
    key.chmod(0o600)
    mail.write_text("mail of another")
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    name = f"civicmail-{os.getpid()}"
    with (
        socket.create_server(("127.0.0.1", 0)) as port,
        socket.socket(socket.AF_UNIX) as unix,
        socket.socket(socket.AF_UNIX) as bare,
    ):
        unix.bind(str(folder / "s"))
        bare.bind("\0" + name)
        unix.listen()
        bare.listen()
        yield {
            "key": str(key), "mail": str(mail), "new": str(folder / "new"), "victim": victim.pid, "port": port.getsockname()[1],
            "unix": str(folder / "s"), "abstract": name,
        }  # fmt: skip
    victim.kill()
    victim.wait()


@pytest.fixture(scope="module")
def taken_over() -> Iterator[Pool]:
    """It runs the program that is tested, wherever that lies."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(child.ENVIRONMENT, "PYTHONPATH", str(Path(civicmail.__file__).parents[1]))
        made = Pool(SERVICE)
        yield made
        made.close()


@pytest.mark.rule(
    "P-23",
    "A reader of hostile files that is taken over can make no system call but those of a list, which was measured on what "
    "readers do; whatever else it tries is refused, in the sandbox that readers have.",
)
@pytest.mark.rule(
    "P-23",
    "A call that a reader has is checked: no file is opened for writing, no memory shared, no signal sent to and no limit "
    "set of another process.",
)
@needs_all
@pytest.mark.parametrize("name", ATTEMPTS)
def test_a_reader_that_was_taken_over_gets_nowhere(name: str, world: dict[str, Any], taken_over: Pool) -> None:
    """The kernel answers each attempt as one that does not know the call, or refuses it, or ends the process."""
    victim = world["victim"]
    Path(world["key"]).chmod(0o600)
    before = (
        resource.prlimit(victim, resource.RLIMIT_NOFILE),
        os.getpriority(os.PRIO_PROCESS, victim),
        os.sched_getaffinity(victim),
    )
    try:
        said = taken_over.request(Attempt(name, world), b"", seconds=60)
    except Unreadable as error:
        said = error.why
    key = Path(world["key"]).stat()
    assert said != "done"
    assert (key.st_mode & 0o777, Path(world["mail"]).read_text()) == (0o600, "mail of another")
    assert sorted(one.name for one in Path(world["key"]).parent.iterdir()) == ["key", "mail", "s"]
    assert before == (
        resource.prlimit(victim, resource.RLIMIT_NOFILE), os.getpriority(os.PRIO_PROCESS, victim), os.sched_getaffinity(victim)
    )  # fmt: skip


@pytest.mark.parametrize("name", sorted(REAL))
def test_the_attempt_is_a_real_one(name: str, world: dict[str, Any], tmp_path: Path) -> None:
    """Outside of the sandbox it succeeds."""
    made = {**world}
    for file in ("key", "mail"):
        made[file] = str(tmp_path / file)
        (tmp_path / file).write_text(file)
    made["new"] = str(tmp_path / "new")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as victim:
        made["victim"] = victim.pid
        done = subprocess.run(
            [*SERVICE.program, name, json.dumps(made)], capture_output=True, text=True, check=False, stdin=subprocess.PIPE
        )
        victim.kill()
    assert (done.stdout.strip(), done.returncode) == ("" if name == "start a program" else "done", 0)
