"""`label:` in a query of one's own mail: the folder of imported mail, and the messages under one's own labels. Pure."""

from __future__ import annotations

from typing import cast

from civicmail.core.query.fold import tokens
from civicmail.core.query.match import matches
from civicmail.core.query.tree import Among, And, Everything, Not, Or, Tree, View, Words
from civicmail.desk.mailbox.mail_marks import MailMarks


def split_labels(tree: Tree, kept: MailMarks, few: int) -> tuple[Tree, list[tuple[Tree, frozenset[bytes]]]]:
    """Split off labels with many messages that all must match: return the rest of the tree, and each leaf with its ids, because
    so many ids make a slow query."""
    rest: list[Tree] = []
    many: list[tuple[Tree, frozenset[bytes]]] = []
    for part in tree.parts if isinstance(tree, And) else (tree,):
        under = _ids_under(part, kept) if isinstance(part, Words) and part.field == "folder" else frozenset[bytes]()
        if len(under) > few:
            many.append((part, under))
        else:
            rest.append(with_labels(part, kept))
    return (And(tuple(rest)) if rest else Everything()) if many else with_labels(tree, kept), many


def with_labels(tree: Tree, kept: MailMarks) -> Tree:
    """Widen each label: leaf by one's own labels with these words side by side. Without such a leaf nothing is read."""
    match tree:
        case And(parts):
            return And(tuple(with_labels(part, kept) for part in parts))
        case Or(parts):
            return Or(tuple(with_labels(part, kept) for part in parts))
        case Not(part):
            return Not(with_labels(part, kept))
        case Words("folder"):
            under = _ids_under(tree, kept)
            return Or((tree, Among(frozenset(id_.hex() for id_ in under)))) if under else tree
        case _:
            return tree


def _ids_under(words: Words, kept: MailMarks) -> frozenset[bytes]:
    """Messages under the labels whose name has these words."""
    named = [mark.pk for mark in kept.labels if matches(words, cast(View, {"folder": " ".join(tokens(mark.name))}))]
    return kept.labeled(named) if named else frozenset()
