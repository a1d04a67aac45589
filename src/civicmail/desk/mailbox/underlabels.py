"""`label:` in the words of my mail: imported mail by its folder, as everywhere, and what lies under a label of one's own. Pure."""

from __future__ import annotations

from typing import cast

from civicmail.core.query.fold import tokens
from civicmail.core.query.match import matches
from civicmail.core.query.tree import Among, And, Not, Or, Tree, View, Words
from civicmail.desk.mailbox.kept import Kept


def labelled(tree: Tree, kept: Kept) -> Tree:
    """The tree with every label: widened by the labels whose name has these words side by side. Without one nothing is read."""
    match tree:
        case And(parts):
            return And(tuple(labelled(part, kept) for part in parts))
        case Or(parts):
            return Or(tuple(labelled(part, kept) for part in parts))
        case Not(part):
            return Not(labelled(part, kept))
        case Words("folder"):
            named = [mark.pk for mark in kept.labels if matches(tree, cast(View, {"folder": " ".join(tokens(mark.name))}))]
            under = kept.labelled(named) if named else frozenset[bytes]()
            return Or((tree, Among(frozenset(id_.hex() for id_ in under)))) if under else tree
        case _:
            return tree
