"""What begins as a copy of the supervisor: its command line, its signals, and what its parent knows of it."""

from __future__ import annotations

import subprocess
import sys

_PARENT = """
import os, signal, subprocess, sys, time
from pathlib import Path
from civicmail.front.cli.forked import fork

signal.signal(signal.SIGTERM, lambda *_: os.write(1, b"handled "))
copy = fork(["civicmail", "run", "gateway", "--data", "/a folder"])
if copy is None:
{child}
{parent}
"""


def _played(child: str, parent: str) -> str:
    lines = [f"    {line}" for line in child.splitlines()]
    program = _PARENT.format(child="\n".join(lines), parent=parent)
    words = [sys.executable, "-c", program, "room for a command line that is longer than the one before"]
    return subprocess.run(words, input=b"typed", stdout=subprocess.PIPE, timeout=60, check=True).stdout.decode()


def test_a_copy_has_a_command_line_of_its_own_and_hears_nothing_that_is_typed() -> None:
    child = "os.write(1, Path('/proc/self/cmdline').read_bytes().rstrip(b'\\0') + b'|' + sys.stdin.buffer.read())\nos._exit(7)"
    assert _played(child, "os.write(1, b'|%d' % copy.wait())") == "civicmail\0run\0gateway\0--data\0/a folder||7"


def test_a_signal_ends_a_copy_and_meets_no_handler_of_its_parent() -> None:
    parent = "assert copy.poll() is None\ncopy.terminate()\nos.write(1, b'%d %d' % (copy.wait(30), copy.poll()))\ncopy.kill()"
    assert _played("time.sleep(60)", parent) == "-15 -15"


def test_who_waits_for_a_copy_gets_it_back_in_time() -> None:
    parent = """
try:
    copy.wait(0.01)
except subprocess.TimeoutExpired:
    copy.kill()
    os.write(1, b'%d' % copy.wait(30))
"""
    assert _played("time.sleep(60)", parent) == "-9"


def test_a_command_line_that_has_no_room_ends_after_a_whole_word() -> None:
    program = "import os; from pathlib import Path; from civicmail.front.cli.forked import fork\n"
    program += "copy = fork(['civicmail', 'run', 'x' * 10_000])\nif copy: copy.wait()\n"
    program += "else: print(Path('/proc/self/cmdline').read_bytes().rstrip(b'\\0'), flush=True)"
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, timeout=60, check=True)
    assert done.stdout == b"b'civicmail\\x00run'\n"
