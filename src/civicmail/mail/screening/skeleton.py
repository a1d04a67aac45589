"""What a label of a domain looks like, so that labels that are taken for each other have one form (Unicode TR 39). Pure."""

from __future__ import annotations

from functools import lru_cache

from civicmail.city.access.lookalike import skeleton

ANY = "?"
"""Stands for a letter that looks like no Latin one: it may be any."""

_DIGITS = str.maketrans("2468", "zaqb")
"""Digits beyond those that names of people are read by: 9 is told apart by nobody who looks for it."""
_PAIRS = (("cl", "d"), ("nn", "m"), ("q", "g"))
_STROKES = (*_PAIRS, ("dl", "d"), ("lb", "b"), ("lh", "h"), ("lk", "k"), ("lc", "k"))
_SHAPES = str.maketrans("nrvb", "mmud")


def shown(host: str) -> str:
    """A host as people see it: A-labels decoded (RFC 3492); what is none in truth stays."""
    return ".".join(map(_decoded, host.split("."))) if "xn--" in host else host


def _decoded(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (ValueError, OverflowError):
        return label


@lru_cache(maxsize=1 << 14)
def looks(label: str) -> str:
    """The form of one label, as people see it: letters, digits and hyphens, with ANY for what looks like none of them."""
    return _folded(skeleton(label).translate(_DIGITS), _PAIRS)


@lru_cache(maxsize=1 << 14)
def coarse(label: str) -> str:
    """What somebody in a hurry sees, with letters of nearly one shape as one: e and c, m, n and r, u and v, b and d. Whole names of
    some length that are the same in this form are no accident."""
    look = _folded(skeleton(label).translate(_DIGITS).replace("e", "c"), _STROKES)
    return look.translate(_SHAPES).replace("mm", "m")


def _folded(plain: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for pair, one in pairs:
        plain = plain.replace(pair, one)
    return plain if plain.isascii() else "".join(c if c.isascii() else ANY for c in plain)
