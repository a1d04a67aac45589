"""A pool of sandboxed processes for several threads: each request goes to an idle process, and a process that dies costs one
request.

    desk = Pool((sys.executable, "-I", "-m", "…"), processes=2)
    desk.ask({"what": "text"}, content, seconds=10)        the answer; raises Unreadable
    shared(COMMAND, 2)                                     the pool of this command that the whole process has
    shared(COMMAND, 2, each=True)                          the same with a process for each question

Processes start when they are first needed, in a thread of the pool's own that lives as long as the pool: the end of the thread that
starts a process is its end, too (prctl(2), PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import atexit
import json
import mmap
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from queue import Empty, LifoQueue, Queue
from typing import Any

from civicmail.core.sandbox import frames
from civicmail.core.sandbox.child import MAX_FRAME, Child
from civicmail.core.sandbox.errors import BUSY, CRASHED, TOO_LONG, TOO_MUCH_MEMORY, Unreadable

MAX_REQUESTS = 5000
"""That one process answers before a fresh one takes over."""


class Pool:
    """Safe for any number of threads. processes: how many requests are handled at a time; each: fork for each request
    (lifecycle.py), for interactive use, so that what a message does to its reader reaches no other request."""

    def __init__(self, command: Sequence[str], *, processes: int, each: bool = False) -> None:
        self._children = [Child(command, each=each) for _ in range(processes)]
        self._idle: Queue[Child] = Queue() if each else LifoQueue()  # one that has just answered is about to fork
        for child in self._children:
            self._idle.put(child)
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="limited")

    def request(self, request: Mapping[str, Any], content: bytes | mmap.mmap, *, seconds: float) -> bytes:
        """The answer. seconds: of the processor, and as long as that for an idle process to be there. Raises Unreadable, with BUSY
        where none was."""
        try:
            child = self._idle.get(timeout=seconds)
        except Empty:
            raise Unreadable(BUSY) from None
        try:
            return self._exchange(child, request, content, seconds)
        finally:
            self._idle.put(child)

    def close(self) -> None:
        """End all processes."""
        for child in self._children:
            child.kill()
        self._starter.shutdown()

    def _exchange(self, child: Child, request: Mapping[str, Any], content: bytes | mmap.mmap, seconds: float) -> bytes:
        try:
            pipes = child.running() or self._starter.submit(child.line).result()
            deadline = time.monotonic() + child.allowed(seconds)
            pipes.send(frames.CONTENT, content, deadline, before=encode_request(request, seconds))
            kind, reply = pipes.receive(MAX_FRAME, deadline)
        except frames.ReadTimeout:
            child.kill()
            raise Unreadable(TOO_LONG) from None
        except frames.ClosedPipe:
            raise Unreadable(TOO_LONG if child.kill() == -signal.SIGXCPU else CRASHED) from None
        reason, is_spent = check_reply(child, kind, reply)
        if is_spent:
            child.kill()
        if reason is not None:
            raise Unreadable(reason)
        return reply


def encode_request(request: Mapping[str, Any], seconds: float) -> bytes:
    """The frame of a question."""
    return frames.frame(frames.ASK, json.dumps({**request, "seconds": seconds}).encode())


def check_reply(child: Child, kind: bytes, reply: bytes) -> tuple[str | None, bool]:
    """Why an answer is none, None where it is one; and whether a fresh process takes over."""
    child.files += 1
    if kind == frames.ANSWER:
        return None, child.files >= MAX_REQUESTS
    reason = reply.decode("utf-8", "replace")[:100] if kind == frames.UNREADABLE else CRASHED
    return reason, kind != frames.UNREADABLE or reason == TOO_MUCH_MEMORY


_creating = threading.Lock()


def shared(command: tuple[str, ...], processes: int, *, fork_each: bool = False) -> Pool:
    """One pool for all callers of the same command, closed when this process ends. A fork has its own: through shared pipes it
    would get the replies of others, and the thread that starts processes does not exist in it."""
    with _creating:
        return _shared(command, processes, os.getpid(), fork_each=fork_each)


@cache
def _shared(command: tuple[str, ...], processes: int, _pid: int, *, fork_each: bool) -> Pool:
    pool = Pool(command, processes=processes, each=fork_each)
    atexit.register(pool.close)
    return pool
