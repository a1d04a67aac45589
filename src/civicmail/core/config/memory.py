"""Limit the memory that a process with many threads keeps."""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8
"""mallopt(3), malloc.h of glibc."""
ARENAS = 2


def limit_arenas() -> None:
    """Make all threads share a few memory pools. Call before the first thread starts.

    glibc gives each thread its own pool and keeps the most that each ever used; a worker with thirty threads in turn grew to 800 MB
    in an hour of a city's full load. Without glibc this does nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS)
