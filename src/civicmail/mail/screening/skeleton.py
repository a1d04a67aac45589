"""Visual skeletons of domain labels: labels that look alike have one form (Unicode TR 39). Pure."""

from __future__ import annotations

from functools import lru_cache

from civicmail.core.message.lookalike import skeleton

ANY = "?"
"""Stands for a letter that resembles no Latin one."""

_DIGITS = str.maketrans("2468", "zaqb")
"""Digits that resemble letters, beyond those used for people's names; 9 is distinct enough."""
_PAIRS = (("cl", "d"), ("nn", "m"), ("q", "g"))
_STROKES = (*_PAIRS, ("dl", "d"), ("lb", "b"), ("lh", "h"), ("lk", "k"), ("lc", "k"))
_SHAPES = str.maketrans("nrvb", "mmud")


def shown(host: str) -> str:
    """A host as people see it: A-labels decoded (RFC 3492); invalid ones stay."""
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
    """The skeleton of a label: letters, digits and hyphens, with ANY for others."""
    return _folded(skeleton(label).translate(_DIGITS), _PAIRS)


@lru_cache(maxsize=1 << 14)
def coarse(label: str) -> str:
    """What a hasty reader sees: similar letters are equal (e and c; m, n and r; u and v; b and d). Long names that are equal in
    this form are no coincidence."""
    look = _folded(skeleton(label).translate(_DIGITS).replace("e", "c"), _STROKES)
    return look.translate(_SHAPES).replace("mm", "m")


def _folded(plain: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for pair, one in pairs:
        plain = plain.replace(pair, one)
    return plain if plain.isascii() else "".join(c if c.isascii() else ANY for c in plain)
