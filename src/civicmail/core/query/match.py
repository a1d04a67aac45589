"""matches(tree, view): the reference meaning of the search language.

The index must count the same captures; replays, holds and permits call this directly.
"""

from __future__ import annotations

from bisect import bisect_left

from civicmail.core.query.tree import FREE, Among, And, Digits, Everything, Near, Not, Or, Range, Token, Tree, View, Words


def matches(tree: Tree, view: View) -> bool:
    """Whether one capture matches the query."""
    match tree:
        case Everything():
            return True
        case And(parts):
            return all(matches(part, view) for part in parts)
        case Or(parts):
            return any(matches(part, view) for part in parts)
        case Not(part):
            return not matches(part, view)
        case Words(field, tokens, prefix):
            fields = (field,) if field else FREE
            return any(_contains(" ".join(tokens), view[name], prefix) for name in fields)
        case Near(left, right, most):
            fields = (left.field,) if left.field else FREE
            return any(_is_near(left, right, most, view[name].split()) for name in fields)
        case Token(field, token, prefix):
            return _contains(token, view[field], prefix)
        case Range(field, low, high):
            number = view[field]
            return (low is None or number >= low) and (high is None or number <= high)
        case Digits(field, digits):
            return view[field].startswith(digits)
        case Among(ids):
            return view["id"] in ids


def _contains(words: str, text: str, prefix: bool) -> bool:
    """Whether the tokens are adjacent in the text; fold() may leave several spaces between two tokens."""
    padded = f" {' '.join(text.split())} "
    return f" {words}" in padded if prefix else f" {words} " in padded


def _is_near(left: Words, right: Words, most: int, text: list[str]) -> bool:
    """Whether the distance from a place of one to a later place of the other is at most `most` tokens."""
    left_places, right_places = _places(left, text), _places(right, text)
    return _follows(left_places, len(left.tokens), right_places, most) or _follows(
        right_places, len(right.tokens), left_places, most
    )


def _places(words: Words, text: list[str]) -> list[int]:
    """The positions of the words in the text, in order."""
    *first, last = words.tokens
    size = len(words.tokens)
    return [
        at
        for at in range(len(text) - size + 1)
        if (text[at + size - 1].startswith(last) if words.prefix else text[at + size - 1] == last)
        and text[at : at + size - 1] == first
    ]


def _follows(before: list[int], size: int, behind: list[int], most: int) -> bool:
    """Whether one of `behind` begins at most so many tokens after the end of one of `before`, which are `size` long."""
    for at in before:
        next_ = bisect_left(behind, at + size)
        if next_ < len(behind) and behind[next_] <= at + size + most:
            return True
    return False
