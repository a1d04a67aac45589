"""A pool of sandboxed processes for several threads: each request goes to an idle process, and a process that dies costs one
request.

    pool = Pool(SERVICE)
    pool.request(CountWords(), content, seconds=10)        the reply; raises Unreadable
    shared(SERVICE)                                        the pool that all callers of this process share

Processes start when they are first needed, in a thread of the pool's own that lives as long as the pool: the end of the thread that
starts a process is its end, too (prctl(2), PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import atexit
import mmap
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from queue import Empty, LifoQueue, Queue

from civicmail.core.sandbox import frames, service
from civicmail.core.sandbox.child import Child
from civicmail.core.sandbox.errors import BUSY, CRASHED, READER_REASONS, TOO_LONG, TOO_MUCH_MEMORY, Unreadable
from civicmail.core.sandbox.service import Request, Service

MAX_REQUESTS = 5000
"""Requests that one process answers before a new one replaces it."""


class Pool:
    """Safe for any number of threads. processes: as many as the service has, unless given."""

    def __init__(self, asked: Service, *, processes: int = 0) -> None:
        self._children = [Child(asked.command, each=asked.fork_each) for _ in range(processes or asked.processes)]
        self._idle: Queue[Child] = Queue() if asked.fork_each else LifoQueue()  # one that has just answered is about to fork
        for child in self._children:
            self._idle.put(child)
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="limited")

    def request[Reply](self, request: Request[Reply], content: bytes | mmap.mmap, *, seconds: float) -> Reply:
        """The reply. seconds: of the processor, and as long as that for an idle process to be there. Raises Unreadable, with BUSY
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

    def _exchange[Reply](self, child: Child, request: Request[Reply], content: bytes | mmap.mmap, seconds: float) -> Reply:
        try:
            pipes = child.running() or self._starter.submit(child.line).result()
            deadline = time.monotonic() + child.allowed(seconds)
            asked = frames.frame(frames.ASK, service.encode_request(request, seconds))
            pipes.send(frames.CONTENT, content, deadline, before=asked)
            kind, data = pipes.receive(request.max_reply(len(content)), deadline)
        except frames.ReadTimeout:
            child.kill()
            raise Unreadable(TOO_LONG) from None
        except frames.ClosedPipe:
            raise Unreadable(TOO_LONG if child.kill() == -signal.SIGXCPU else CRASHED) from None
        try:
            return read_reply(child, request, kind, data, len(content))
        finally:
            if child.is_spent:
                child.kill()


def read_reply[Reply](child: Child, request: Request[Reply], kind: bytes, data: bytes, size: int) -> Reply:
    """The reply. size: bytes of the content. Marks a process that must be replaced as spent. Raises Unreadable."""
    end_request(child, kind, data)
    try:
        return service.decode_reply(request, data, size)
    except Unreadable:
        child.is_spent = True
        raise


def end_request(child: Child, kind: bytes, data: bytes) -> None:
    """Count a request, by the last frame of its reply. Raises Unreadable where there is none."""
    child.files += 1
    child.is_spent = child.files >= MAX_REQUESTS
    if kind == frames.ANSWER:
        return
    reason = data.decode("utf-8", "replace") if kind == frames.UNREADABLE else CRASHED
    if reason not in READER_REASONS:
        reason = CRASHED
    child.is_spent = child.is_spent or reason in (CRASHED, TOO_MUCH_MEMORY)
    raise Unreadable(reason)


_creating = threading.Lock()


def shared(asked: Service, processes: int = 0) -> Pool:
    """One pool for all callers of the same service, closed when this process ends. A fork gets a pool of its own: through shared
    pipes it would get the replies of others, and it lacks the thread that starts processes."""
    with _creating:
        return _shared(asked, processes, os.getpid())


@cache
def _shared(asked: Service, processes: int, _pid: int) -> Pool:
    pool = Pool(asked, processes=processes)
    atexit.register(pool.close)
    return pool
