"""Privileged mail in an examination: only its date is shown until the city attorney clears it (P-16; E7). Pure.

Mail with an attorney, a health service or a union is privileged, whoever wrote it. The addresses of such correspondents are
listed; those of the people examined do not count, because an approver of their class allowed that (E3). A request for records has
its own review of privilege, in which the city attorney takes part (P-21).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from civicmail.city.guard.mandates import Mandate
from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels
from civicmail.core.query.fold import exact
from civicmail.core.query.tree import Among, And, Not, Or, Text, Token, Tree, View

Kind = Literal["attorney", "health", "union"]
KINDS: dict[str, str] = {"attorney": "Attorney and client", "health": "Health", "union": "Union"}
PROTECTED: dict[str, str] = {"city-attorney": "attorney", "union": "union"}
"""Class of protected mail -> kind: its people are privileged correspondents by themselves."""
_FIELDS: tuple[Text, ...] = ("from", "to", "cc", "bcc", "rcpt", "sent")

State = Literal["asked", "cleared", "refused"]
STATES = labels(asked="pending", cleared="approved", refused="denied")
TABLE = StateTable[State](
    [Transition("asked", "clear", "cleared", "clearance.decide"), Transition("asked", "refuse", "refused", "clearance.decide")],
    lambda state: f"This was {STATES[state][1].lower()} already. Reload the page.",
)


def normalized(address: str) -> str:
    """The stored form of a listed address: `ann@firm.example`, or `@firm.example` for everybody there; "" if it is neither."""
    token = exact(address)
    local, at, domain = token.rpartition("@")
    return token if at and "." in domain.strip(".") and "@" not in local else ""


def applies(mandate: Mandate) -> bool:
    """Whether privileged mail is withheld from the examiner of this mandate."""
    return mandate.ground != "request" and mandate.role != "city-attorney"


@dataclass(frozen=True, slots=True)
class Privilege:
    """What is privileged in one examination. kinds: normalized address -> kind; cleared: ids (32 digits) that the city attorney
    has cleared for this examination."""

    kinds: Mapping[str, str] = field(default_factory=dict)
    cleared: frozenset[str] = frozenset()

    def tree(self, kinds: Collection[str] = tuple(KINDS)) -> Tree | None:
        """Privileged mail of these kinds that is not cleared; None if there can be none."""
        terms = [Token(name, token) for token, kind in self.kinds.items() if kind in kinds for name in _FIELDS]
        if not terms:
            return None
        return And((Or(tuple(terms)), Not(Among(self.cleared)))) if self.cleared else Or(tuple(terms))

    def readable(self, tree: Tree) -> Tree:
        """The part of a query that the examiner may read."""
        privileged = self.tree()
        return tree if privileged is None else And((tree, Not(privileged)))

    def withheld(self, capture: str, view: View) -> list[str]:
        """The kinds for which a capture is withheld, in the order of KINDS. capture: its id, 32 digits."""
        if not self.kinds or capture in self.cleared:
            return []
        present = {kind for name in _FIELDS for token in str(view[name]).split() if (kind := self.kinds.get(token))}
        return [kind for kind in KINDS if kind in present]


def names(kinds: Iterable[str]) -> str:
    """The kinds as a page names them: `Attorney and client, Union`."""
    return ", ".join(KINDS[kind] for kind in kinds if kind in KINDS)
