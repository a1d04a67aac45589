"""Which copies of a message somebody may have let go, and who decides about them (P-02)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from civicmail.desk.holding import queries, release_kinds
from civicmail.desk.holding.actions import release_copies
from civicmail.desk.holding.held_copies import HeldCopy


@dataclass(frozen=True, slots=True)
class HeldByOwner:
    """The copies of a message that somebody may have let go. own: by themselves; others: by asking, all of them of this kind;
    is_author: they sent it."""

    id: uuid.UUID
    own: list[HeldCopy]
    others: list[HeldCopy]
    kind: release_kinds.Kind
    is_author: bool

    @property
    def takes_reason(self) -> bool:
        """Whether somebody has to be asked, who reads why."""
        return not self.own and bool(self.others) and self.kind != "elsewhere"

    @property
    def is_expected(self) -> bool:
        """Whether it waits for the word of its reader, as a first file from outside does."""
        return any(release_kinds.kind_of(copy.rules, queries.rule_set()) == "asked" for copy in self.own)


def held_for(id_: uuid.UUID, addresses: Collection[str], *, is_author: bool, now: int) -> HeldByOwner:
    """A sender has the copies of everybody let go, a reader their own. addresses: of the reader."""
    book = queries.rule_set()
    held = [c for c in queries.copies(now) if c.id == id_.bytes and (is_author or c.box.lower() in addresses)]
    own = [c for c in held if c.box.lower() in addresses and release_copies.recipient_decides(c)]
    others = [c for c in held if c not in own and release_kinds.kind_of(c.rules, book) not in release_kinds.OWN_KINDS]
    kind = release_kinds.strictest([release_kinds.kind_of(c.rules, book) for c in others])
    return HeldByOwner(id_, own, others, kind, is_author)
