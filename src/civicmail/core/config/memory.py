"""Limit the memory that a process with many threads keeps."""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8
"""mallopt(3), malloc.h of glibc."""
ARENAS = 2


def limit_arenas() -> None:
    """All threads share a few pools of memory from now on. Call before the first thread starts.

    glibc gives each thread a pool of its own and keeps in each the most that it ever had; a worker has thirty threads that take
    turns, and grew to 800 MB in an hour of a city's full load. Where there is no glibc nothing is done.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS)
