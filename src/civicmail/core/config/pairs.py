"""Settings that are lists of "theirs = ours": easier to read and to override than tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def parse(lines: Iterable[str]) -> dict[str, str]:
    """Map theirs to ours. Raises ValueError for a line without both sides, or a repeated side."""
    mapping: dict[str, str] = {}
    for line in lines:
        left, _, right = line.rpartition("=")  # what they call something may have a = in it, what we call it may not
        theirs, ours = left.strip(), right.strip()
        if not (theirs and ours):
            raise ValueError(f"has {line!r}, which is not like 'theirs = ours'")
        if mapping.setdefault(theirs, ours) != ours:
            raise ValueError(f"has {theirs!r} twice")
    return mapping
