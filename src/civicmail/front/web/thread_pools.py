"""Thread pools: one for pages, one for `/healthz` and Dovecot's requests, which must answer while pages are slow.

    application = ThreadPools(django, busy, who)

A server thread (serve.py) receives the request and waits while a pool thread answers it. The number of waiting requests is
limited; further ones are refused at once, so slow pages cannot take all threads. Only pool threads use the database.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

PAGES = 6
"""Pages at a time; large searches take four of them at most (mail/search/finders.py)."""
DOORS = 2
"""Questions of mail programs, and of programs that watch, at a time."""
MAX_WAITING_PAGES = 64
"""Requests for pages that are answered or wait."""
MAX_PER_CLIENT = 4
"""Maximum of waiting requests of one session or token; static files do not count."""
FILES = "/static/"
MAX_WAITING_DOORS = 16
ALIVE = "/healthz"
"""Answered by the server thread itself."""
THREADS = MAX_WAITING_PAGES + MAX_WAITING_DOORS + 2
"""Server threads: enough for all waiting requests, and some to refuse and to answer /healthz."""
MACHINES = (ALIVE, "/readyz", "/metrics", "/doors/password", "/doors/user", "/doors/introspect")
"""Asked by programs: no session, no actor, no database before the view wants it."""

_POLL_SECONDS = 1.0
_AHEAD = 4
"""Pieces of an answer that are made before they are taken."""

Environ = dict[str, Any]
Start = Callable[..., Any]
Application = Callable[[Environ, Start], Iterable[bytes]]


class ThreadPools:
    """The application in thread pools. busy: answers when a queue is full; who: the client of a request, "" for strangers."""

    def __init__(self, application: Application, busy: Application, who: Callable[[Environ], str]) -> None:
        self._application = application
        self._busy = busy
        self._who = who
        self._pages = _Pool("page", PAGES, MAX_WAITING_PAGES)
        self._doors = _Pool("door", DOORS, MAX_WAITING_DOORS)

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == ALIVE:
            return self._application(environ, start)
        pool = self._doors if path in MACHINES else self._pages
        who = "" if pool is self._doors or path.startswith(FILES) else self._who(environ)
        if (turn := pool.take(who, self._application, environ, start)) is None:
            return self._busy(environ, start)
        return turn.result()


class _Pool:
    def __init__(self, name: str, threads: int, max_waiting: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._free = max_waiting
        self._of: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, who: str, application: Application, environ: Environ, start: Start) -> Future[Iterable[bytes]] | None:
        """The future response, or None if the queue is full."""
        with self._lock:
            if not self._free or (who and self._of[who] >= MAX_PER_CLIENT):
                return None
            self._free -= 1
            self._of[who] += 1
        answer: Future[Iterable[bytes]] = Future()
        self._threads.submit(self._work, who, answer, application, environ, start)
        return answer

    def _leave(self, who: str) -> None:
        with self._lock:
            self._free += 1
            self._of[who] -= 1
            if not self._of[who]:
                del self._of[who]

    def _work(self, who: str, answer: Future[Iterable[bytes]], application: Application, environ: Environ, start: Start) -> None:
        try:
            _answered(answer, application(environ, start))
        except BaseException as error:
            if answer.done():
                raise
            answer.set_exception(error)
        finally:
            self._leave(who)


def _answered(answer: Future[Iterable[bytes]], response: Any) -> None:
    """Pass the response on, whole or in pieces, and close it in this thread, because streaming may query the database."""
    try:
        if not getattr(response, "streaming", True):
            answer.set_result([b"".join(response)])
            return
        pieces = _Pieces()
        answer.set_result(_ResponseIterator(pieces))
        pieces.give(response)
    finally:
        if hasattr(response, "close"):
            response.close()


class _Pieces:
    """Between the thread that makes an answer and the one that sends it."""

    def __init__(self) -> None:
        self.queue: queue.Queue[bytes | BaseException | None] = queue.Queue(_AHEAD)
        self.left = threading.Event()

    def give(self, response: Iterable[bytes]) -> None:
        try:
            for piece in response:
                if not self._put(piece):
                    return
            self._put(None)
        except Exception as error:  # noqa: BLE001 - whatever it is, the line breaks: what was sent is not all of the answer
            self._put(error)

    def _put(self, piece: bytes | BaseException | None) -> bool:
        while not self.left.is_set():
            try:
                self.queue.put(piece, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False


class _ResponseIterator:
    """Iterates over the response; closing it frees the thread that makes it."""

    def __init__(self, pieces: _Pieces) -> None:
        self._pieces = pieces

    def __iter__(self) -> _ResponseIterator:
        return self

    def __next__(self) -> bytes:
        if self._pieces.left.is_set():
            raise StopIteration
        piece = self._pieces.queue.get()
        if isinstance(piece, bytes):
            return piece
        self.close()
        if piece is None:
            raise StopIteration
        raise piece

    def close(self) -> None:
        self._pieces.left.set()

    def __del__(self) -> None:
        self.close()
