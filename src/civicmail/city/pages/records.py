"""Rows of a list that no table of the database has, like records of the archive. Pure.

A list (lists.py) reads a query, of which its page, CSV and operation use little: count, order, a filter, a slice. This has the
same for objects in memory, so that such a list is defined once, too. Each object has a unique attribute `pk`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter, gt, lt
from typing import Any, Self, overload

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {"lt": lt, "gt": gt}


class Records[Row]:
    """Some objects in an order."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def count(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | Sequence[Row]:
        return self._rows[at]

    def order_by(self, *fields: str) -> Self:
        """By attributes, a minus before one for the largest first; what has no value comes last."""
        rows = list(self._rows)
        for field in reversed(fields):
            read = attrgetter(field.lstrip("-"))
            known = sorted((row for row in rows if read(row) is not None), key=read, reverse=field.startswith("-"))
            rows = known + [row for row in rows if read(row) is None]
        return type(self)(rows)

    def filter(self, **values: Any) -> Self:
        """Those with these values, or beyond them (`pk__lt`). Raises TypeError for values of another kind."""
        rows = self._rows
        for lookup, value in values.items():
            field, _, comparison = lookup.partition("__")
            fits = _COMPARISONS[comparison] if comparison else _equal
            rows = [row for row in rows if fits(getattr(row, field), value)]
        return type(self)(rows)

    def where(self, fits: Callable[[Row], bool]) -> Self:
        """Those that fit."""
        return type(self)([row for row in self._rows if fits(row)])


def _equal(left: Any, right: Any) -> bool:
    return bool(left == right)
