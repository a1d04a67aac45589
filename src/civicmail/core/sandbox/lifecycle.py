"""The main loop of a sandboxed process: it answers many requests, or, if people wait for them, forks for each.

    run(once, memory, warm)      `once` answers one request, and returns whether there was any

`… MODULE` drops its privileges and answers until its input ends. `… MODULE each FD` has imported what it needs, reads nothing, and
forks a process for each request, which drops its privileges before it reads and ends with its reply. When it has ended, and left
nothing in the pipes, it writes a byte to FD: only then the next request is sent (child.py). So the effect of a message on its
reader reaches no other request.
"""

from __future__ import annotations

import codecs
import contextlib
import encodings.aliases
import fcntl
import gc
import os
import signal
import sys
import termios
from collections.abc import Callable

from civicmail.core.sandbox import confine

EACH = "each"
OVER = b"."
_NOBODY = 7
"""The exit status of a fork that got no request."""


def forks() -> bool:
    """Whether this process forks for each request."""
    return EACH in sys.argv[1:-1]


def run(once: Callable[[], bool], memory: int, warm: Callable[[], object]) -> None:
    """Run the main loop. memory: bytes of address space. warm: called before the forks, with bytes of our own, for work that each
    fork would repeat."""
    if forks():
        warm()
        _know_charsets()
        _fork_for_each(once, memory, int(sys.argv[-1]))
        return
    confine.confine(memory)
    while once():
        pass


def _fork_for_each(once: Callable[[], bool], memory: int, over: int) -> None:
    confine.settle()
    confine.die_with_parent()
    gc.freeze()  # a collection in a fork leaves alone what was imported, and its pages shared
    while True:
        child = os.fork()
        if child == 0:
            os.close(over)
            _answer(once, memory)
        _, status = os.waitpid(child, 0)
        if status != 0 or _unread():
            _end_like(status)
        os.write(over, OVER)


def _know_charsets() -> None:
    """Import the charset codecs, which Python otherwise imports at first use."""
    for name in set(encodings.aliases.aliases.values()):
        with contextlib.suppress(LookupError, ImportError):  # those of other systems
            codecs.lookup(name)


def _answer(once: Callable[[], bool], memory: int) -> None:
    """Answer one request in the fork. Never returns."""
    try:
        confine.confine(memory, settled=True)
        os._exit(0 if once() else _NOBODY)
    finally:
        os._exit(1)


def _unread() -> bool:
    """Whether a part of a request is still in the pipe."""
    return fcntl.ioctl(0, termios.FIONREAD, bytes(4)) != bytes(4)


def _end_like(status: int) -> None:
    """End as the fork ended, so that the caller sees why; a fresh process takes over."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(0 if os.WEXITSTATUS(status) == _NOBODY else 1)
