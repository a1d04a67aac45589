"""Pack the ids of captures into sheets, one for each week of receipt. Pure.

An id begins with 48 bits of milliseconds since 1970, so it gives its own week.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

SIZE = 16
WEEK = 7 * 86_400_000
"""ms"""


def week_at(now: int) -> int:
    """The week of a time. now: ms."""
    return now // WEEK


def by_week(ids: Iterable[bytes]) -> Mapping[int, set[bytes]]:
    """Ids by the week in which they were received."""
    ids_by_week: dict[int, set[bytes]] = {}
    for id_ in ids:
        ids_by_week.setdefault(week_at(int.from_bytes(id_[:6])), set()).add(id_)
    return ids_by_week


def packed(ids: Iterable[bytes]) -> bytes:
    """16 bytes each, in order. Raises ValueError for an invalid id."""
    ordered = sorted(set(ids))
    if any(len(id_) != SIZE for id_ in ordered):
        raise ValueError("An id has 16 bytes.")
    return b"".join(ordered)


def unpacked(content: bytes | memoryview) -> set[bytes]:
    """The ids of a sheet."""
    plain = bytes(content)
    return {plain[at : at + SIZE] for at in range(0, len(plain) - SIZE + 1, SIZE)}
