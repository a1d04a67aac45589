"""matches(tree, view): the meaning of the language, in the plainest possible words.

The index must count what this counts; replays, holds and permits ask this directly.
"""

from __future__ import annotations

from civicmail.core.query.tree import FREE, And, Digits, Everything, Not, Or, Range, Token, Tree, View, Words


def matches(tree: Tree, view: View) -> bool:
    """Whether one capture fits the query."""
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
            return any(_stands(" ".join(tokens), view[name], prefix) for name in fields)
        case Token(field, token, prefix):
            return _stands(token, view[field], prefix)
        case Range(field, low, high):
            number = view[field]
            return (low is None or number >= low) and (high is None or number <= high)
        case Digits(field, digits):
            return view[field].startswith(digits)


def _stands(wanted: str, text: str, prefix: bool) -> bool:
    """Whether the tokens stand side by side in the text; fold() may leave several spaces between two tokens."""
    padded = f" {' '.join(text.split())} "
    return f" {wanted}" in padded if prefix else f" {wanted} " in padded
