"""A request that is before a court does not change: its decisions stay as the court will read them (Wis. Stat. 19.37 (1))."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from civicmail.city.guard.actions.acting import locked_row
from civicmail.city.guard.errors import Conflict
from civicmail.desk.records.models import Request


def require_not_frozen(request: Request) -> None:
    """Raise Conflict while a suit about the request is pending."""
    if request.suit is not None:
        raise Conflict(
            "Not saved: a suit about this request is pending, so nothing of it changes until the city attorney ends that."
        )


@contextmanager
def locked_request(request: Request, *seen: str) -> Iterator[Request]:
    """A transaction with the request locked, for a verb that changes something of it. seen: columns that must be as the actor saw
    them. Raises Conflict, also while it is frozen."""
    with locked_row(request, *seen) as row:
        require_not_frozen(row)
        yield row
