"""Bates numbers: one a page, with the number of the request before it, and never used again."""

from __future__ import annotations

from collections.abc import Iterable

DIGITS = 6


def bates(request: str, page: int) -> str:
    """The number of a page: "PR-2026-00041-000017"."""
    if page < 1:
        raise ValueError("pages are numbered from 1")
    return f"{request}-{page:0{DIGITS}}"


def next_page(used: Iterable[int]) -> int:
    """The first page number of the next production. used: the last of each earlier one, also of those that were never released."""
    return max(used, default=0) + 1
