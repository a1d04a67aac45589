"""Search all indexes at the same time. tantivy searches without the interpreter's lock, so each core takes some of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass

import tantivy

THREADS_MOST = 8


class _Threads:
    """Started by the first search of a process, and of a fork of it, which has none of its parent's."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._pool = None

    def pool(self) -> ThreadPoolExecutor:
        if self._pool is None:
            cores = len(os.sched_getaffinity(0))
            self._pool = ThreadPoolExecutor(min(cores, THREADS_MOST), thread_name_prefix="search")
        return self._pool


_threads = _Threads()


@dataclass(slots=True)
class Time:
    """until: by the monotonic clock; left: indexes that were not done by then."""

    until: float
    left: int = 0


_time: Time | None = None


@contextmanager
def within(seconds: float) -> Iterator[Time]:
    """Limit searches to so many seconds, in a process that does nothing else: each() leaves out the indexes that take longer, and
    counts them. Their threads continue until the process ends."""
    global _time
    _time = Time(time.monotonic() + seconds)
    try:
        yield _time
    finally:
        _time = None


def each[T](work: Callable[[tantivy.Searcher], T], searchers: Sequence[tantivy.Searcher]) -> list[T]:
    """The results of the function for each index, in their order. Raises the first exception. The function must not call each()."""
    if _time is not None:
        return _in_time(work, searchers, _time)
    if len(searchers) < 2:
        return [work(searcher) for searcher in searchers]
    return list(_threads.pool().map(work, searchers))


def _in_time[T](work: Callable[[tantivy.Searcher], T], searchers: Sequence[tantivy.Searcher], limit: Time) -> list[T]:
    """The last index, which is the newest of its class, begins first."""
    begun = [_threads.pool().submit(work, searcher) for searcher in reversed(searchers)]
    done, late = wait(begun, timeout=max(0.0, limit.until - time.monotonic()))
    limit.left += len(late)
    for future in late:
        future.cancel()
    return [future.result() for future in reversed(begun) if future in done]
