"""Copies of a message that a person may release, and who decides about the others (P-02)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from civicmail.desk.holding import queries, release_kinds
from civicmail.desk.holding.actions import release_copies
from civicmail.desk.holding.held_copies import HeldCopy


@dataclass(frozen=True, slots=True)
class HeldByOwner:
    """The copies of a message that a person may release. own: without a request; others: on request, all of them of this kind;
    is_author: the person sent it."""

    id: uuid.UUID
    own: list[HeldCopy]
    others: list[HeldCopy]
    kind: release_kinds.Kind
    is_author: bool

    @property
    def takes_reason(self) -> bool:
        """Whether an officer decides, who reads the reason."""
        return not self.own and bool(self.others) and self.kind != "elsewhere"

    @property
    def is_expected(self) -> bool:
        """Whether it waits for its reader's confirmation, as a first file from outside does."""
        return any(release_kinds.kind_of(copy.rules, queries.rule_set()) == "asked" for copy in self.own)


def held_for(id_: uuid.UUID, addresses: Collection[str], *, is_author: bool, now: int) -> HeldByOwner:
    """The held copies of a person: a sender may release everyone's, a reader their own. addresses: of the reader."""
    book = queries.rule_set()
    held = [c for c in queries.copies(now) if c.id == id_.bytes and (is_author or c.box.lower() in addresses)]
    own = [c for c in held if c.box.lower() in addresses and release_copies.recipient_decides(c)]
    others = [c for c in held if c not in own and release_kinds.kind_of(c.rules, book) not in release_kinds.OWN_KINDS]
    kind = release_kinds.strictest([release_kinds.kind_of(c.rules, book) for c in others])
    return HeldByOwner(id_, own, others, kind, is_author)
