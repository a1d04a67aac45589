"""The canonical encoding of heads, and a matcher for heads that are worth decoding.

A head is canonical JSON with sorted keys and without white space, so a member is always the same bytes. In strangers' text quotes
are escaped, so that text does not match. A match shows that the bytes occur; the decoded head shows where.
"""

from __future__ import annotations

from typing import Any

import orjson


def canonical(plain: dict[str, Any]) -> bytes:
    """The one encoding of a head."""
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def member(name: str, value: str = "") -> bytes:
    """The bytes of a member with this value; without one, of its name and the colon."""
    return text(name) + b":" + (text(value) if value else b"")


def text(value: str) -> bytes:
    """The bytes of a whole string, such as the key of a rule."""
    return orjson.dumps(value)


def prefix(value: str, name: str = "") -> bytes:
    """The bytes of a string that begins so; with a name, of the member with such a string."""
    return (member(name) if name else b"") + text(value)[:-1]


class HeadMatcher:
    """Finds heads in which one of these parts occurs, without decoding them."""

    __slots__ = ("_parts",)

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts

    def __or__(self, other: HeadMatcher) -> HeadMatcher:
        return HeadMatcher(*self._parts, *other._parts)

    def matches(self, head: bytes) -> bool:
        for part in self._parts:  # noqa: SIM110 - a generator takes twice as long
            if part in head:
                return True
        return False


RECEIPTS = HeadMatcher(member("type", "receipt"))
ENTRIES = HeadMatcher(member("type", "entry"))
CHECKPOINTS = HeadMatcher(member("type", "checkpoint"))
CERTIFICATES = HeadMatcher(member("type", "disposed"))
