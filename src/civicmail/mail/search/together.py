"""All indexes asked at the same time: tantivy searches without the interpreter's lock, so each core takes some of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

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


def each[T](work: Callable[[tantivy.Searcher], T], searchers: Sequence[tantivy.Searcher]) -> list[T]:
    """What the work gives for each index, in their order. Raises what the first of them raised. The work must not call each()."""
    if len(searchers) < 2:
        return [work(searcher) for searcher in searchers]
    return list(_threads.pool().map(work, searchers))
