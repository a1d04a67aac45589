"""Errors of the search language as API errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from civicmail.city.guard.errors import field_error
from civicmail.core.config.errors import LaterError
from civicmail.core.query.errors import QueryError
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.search.errors import DamagedIndex


@contextmanager
def understood() -> Iterator[None]:
    """What is wrong with the words is told of `q`; while there is no index they can be asked again later."""
    try:
        yield
    except QueryError as error:
        raise field_error("q", error.message) from None
    except (NotIndexed, DamagedIndex):
        raise LaterError("The search index is being rebuilt. Try again in a minute.") from None
