"""Restrict a query to the mail that a person may search: only their own mail, and never another's blind copy (promise 4). Pure:
trees to trees.

    tree = own(parse(words, now=now), mine, opened)

Each capture is seen as one of three kinds, the first that applies:

- author: one of the person's mailboxes sent it, by evidence, or it was imported as theirs: every field can be queried
- given: one of the person's mailboxes received a copy: the envelope has only their own addresses, there is no Bcc, the size is
  that of the received copy, and there is no hash, because a hash of the archived bytes would confirm a guess at a Bcc
- shut: the person's copy was held, quarantined or rejected and not delivered since: only the fields that the list shows

docs/use/my-mail.md. The oracle of the tests is core/query/match over a view with only these fields.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, cast

from civicmail.core.message import message_parser
from civicmail.core.query.match import matches
from civicmail.core.query.scopes import NOTHING, imported_for, received_by, sent_from, withheld, withheld_from
from civicmail.core.query.tree import FREE, Among, And, Digits, Everything, Near, Not, Or, Range, Text, Token, Tree, View, Words
from civicmail.mail.archive.records import Capture
from civicmail.mail.search.fields import address as tokens_of
from civicmail.mail.search.fields import view

ViewKind = Literal["author", "given", "shut"]
ENVELOPE_FIELDS: tuple[Text, ...] = ("bcc", "rcpt")
"""Fields that contain more than the person's own addresses."""
HIDDEN_FIELDS: frozenset[str] = frozenset({"custodian", "folder", "sent", "source", "withheld"})
"""Fields that do not apply to received mail, or are for scopes alone."""
LISTED_FIELDS: frozenset[str] = frozenset({"subject", "from", "to", "cc", "rcpt", "received", "date", "given"})
"""Fields that the list shows of a withheld copy."""


@dataclass(frozen=True, slots=True)
class OwnMailbox:
    """One of the person's mailboxes. addresses: all of its addresses, the main one first, lower case; names: its custodians; row:
    in the directory."""

    addresses: tuple[str, ...]
    names: tuple[str, ...] = ()
    title: str = ""
    kind: str = "personal"
    row: int = 0

    @property
    def id(self) -> str:
        return self.addresses[0]

    @property
    def is_offices(self) -> bool:
        """A function mailbox: several people use it as one."""
        return self.kind not in ("own", "personal")


@dataclass(frozen=True, slots=True)
class OwnMail:
    """The person's mailboxes at this moment. pulled: ids (32 digits) of captures whose copy was removed after its delivery;
    those are withheld (P-31)."""

    boxes: tuple[OwnMailbox, ...]
    pulled: frozenset[str] = frozenset()

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(a for box in self.boxes for a in box.addresses)

    @property
    def names(self) -> tuple[str, ...]:
        """Custodians of their imported mail."""
        return tuple(n for box in self.boxes for n in box.names)


def own(tree: Tree, mine: OwnMail, opened: Collection[str] = ()) -> Tree:
    """The part of the query that this person may find. opened: ids (32 digits) of captures that were withheld at first and are
    delivered by now; all others stay withheld."""
    return Or((*_readable(tree, mine, opened), And((kept_back(mine, opened), as_withheld(tree, mine)))))


def readable(tree: Tree, mine: OwnMail, opened: Collection[str] = ()) -> Tree:
    """The part that may be read: nothing withheld, so that a search does not reveal its content."""
    return Or(_readable(tree, mine, opened))


def _readable(tree: Tree, mine: OwnMail, opened: Collection[str]) -> tuple[Tree, Tree]:
    return And((authored(mine), tree)), And((received(mine, opened), as_recipient(tree, mine)))


def view_kind(capture: Capture, mine: OwnMail, *, opened: bool) -> ViewKind | None:
    """The kind of view of a capture, None if it is not the person's. opened: whether a withheld copy is delivered by now."""
    seen = view(capture, message_parser.fields(b""))
    ids = (capture.id.hex(),) if opened else ()
    if matches(authored(mine), seen):
        return "author"
    if matches(received(mine, ids), seen):
        return "given"
    return "shut" if matches(kept_back(mine, ids), seen) else None


def authored(mine: OwnMail) -> Tree:
    """Sent by one of the mailboxes, or imported as theirs."""
    return Or((sent_from(mine.addresses), imported_for(mine.names)))


def received(mine: OwnMail, opened: Collection[str] = ()) -> Tree:
    """Delivered to one of the mailboxes, and not their own."""
    return And((_given(mine, opened), Not(authored(mine))))


def kept_back(mine: OwnMail, opened: Collection[str] = ()) -> Tree:
    """Addressed to the mailboxes and delivered to none of them."""
    return And((received_by(mine.addresses), Not(_given(mine, opened)), Not(authored(mine))))


def initially_withheld(mine: OwnMail) -> Tree:
    """Captures withheld at first, for which a later delivery must be checked."""
    return And((received_by(mine.addresses), withheld_from(mine.addresses)))


def _given(mine: OwnMail, opened: Collection[str]) -> Tree:
    each: list[Tree] = [And((received_by(box.addresses), Not(withheld_from(box.addresses)))) for box in mine.boxes]
    if opened:
        each.append(And((received_by(mine.addresses), Or(tuple(withheld(id_) for id_ in sorted(opened))))))
    if not each:
        return NOTHING
    return And((Or(tuple(each)), Not(Among(mine.pulled)))) if mine.pulled else Or(tuple(each))


def as_recipient(tree: Tree, mine: OwnMail) -> Tree:
    """The query for a received copy."""
    match tree:
        case Everything():
            return tree
        case And(parts):
            return And(tuple(as_recipient(part, mine) for part in parts))
        case Or(parts):
            return Or(tuple(as_recipient(part, mine) for part in parts))
        case Not(part):
            return Not(as_recipient(part, mine))
        case Words("", tokens, prefix):
            return Or(tuple(Words(field, tokens, prefix) for field in FREE if field != "bcc"))
        case Near(Words("", left, more), Words("", right, also), most):
            return Or(tuple(Near(Words(f, left, more), Words(f, right, also), most) for f in FREE if f != "bcc"))
        case Words(field) | Token(field) | Near(Words(field)):
            if field in HIDDEN_FIELDS:
                return NOTHING
            return _own_addresses_only(tree, field, mine) if field in ENVELOPE_FIELDS else tree
        case Range("size", low, high):
            return Range("given", low, high)
        case Range():
            return tree
        case Digits("id") | Among():
            return tree
        case _:
            return NOTHING


def as_withheld(tree: Tree, mine: OwnMail) -> Tree:
    """The query for a withheld copy."""
    return _list_only(as_recipient(tree, mine))


def _list_only(tree: Tree) -> Tree:
    match tree:
        case And(parts):
            return And(tuple(_list_only(part) for part in parts))
        case Or(parts):
            return Or(tuple(_list_only(part) for part in parts))
        case Not(part):
            return Not(_list_only(part))
        case Words(field) | Token(field) | Near(Words(field)) | Range(field):
            return tree if field in LISTED_FIELDS else NOTHING
        case _:
            return tree


def _own_addresses_only(leaf: Words | Token | Near, field: str, mine: OwnMail) -> Tree:
    """The leaf as if the field had no other addresses: the person's addresses are listed one by one, whole."""
    name = cast(Text, field)
    matching = [a for a in mine.addresses if matches(leaf, cast(View, {field: tokens_of(a)}))]
    return Or(tuple(Token(name, a) for a in matching)) if matching else NOTHING
