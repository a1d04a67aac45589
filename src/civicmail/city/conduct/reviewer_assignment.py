"""Assign the review items of one department to reviewers, at most fifty at a time (R2, R6, R8). Pure.

A small department goes to its head. In a larger one supervisors answer for their staff; the head, deputies and authorizers get the
rest, fifty each. Remaining items go to the same people in further parts, each of which opens when the previous one is answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from civicmail.city.conduct.review_plans import MAX_ROWS

DEPARTMENT_ROLES = ("head", "deputy", "authoriser", "supervisor")
"""Roles of reviewers who belong to the department."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible reviewer. why: their role: head, deputy, authorizer, next head, access officer, supervisor."""

    person: int
    why: str


@dataclass(frozen=True, slots=True)
class Item:
    """One row. person: its subject; approver: approved it alone in the first tier, and so cannot answer; supervisor: of the person,
    0 for none; heads: the person heads the department, so that no member of it may answer."""

    row: int
    person: int
    approver: int = 0
    supervisor: int = 0
    heads: bool = False

    def may(self, who: Candidate) -> bool:
        """Nobody answers about their own access, or about what they alone approved (R6)."""
        if self.heads and who.why in DEPARTMENT_ROLES:
            return False
        return who.person not in (self.person, self.approver)


@dataclass(slots=True)
class Share:
    """A part: rows of one reviewer. reviewer None: there is no possible reviewer, which is not a non-response (R8). turn: 0 for the
    first part of a reviewer, 1 for the next."""

    reviewer: Candidate | None
    rows: list[int] = field(default_factory=list)
    turn: int = 0


def assign(rows: Sequence[Item], chain: Sequence[Candidate], present: frozenset[int]) -> list[Share]:
    """The parts of one department. chain: its present reviewers, the nearest first: head, deputies and authorizers, then next
    heads and access officers; present: everybody who can answer, for supervisors."""
    left = list(rows)
    shares: list[Share] = []
    if len(left) > MAX_ROWS:
        left, shares = _supervised(left, present)
    own = [c for c in chain if c.why in DEPARTMENT_ROLES]
    for candidate in own if len(left) > MAX_ROWS else own[:1]:
        mine = [a for a in left if a.may(candidate)][:MAX_ROWS]
        if mine:
            shares.append(Share(candidate, [a.row for a in mine]))
            taken = {a.row for a in mine}
            left = [a for a in left if a.row not in taken]
    for candidate in chain:
        mine = [a for a in left if a.may(candidate)]
        for n in range(0, len(mine), MAX_ROWS):
            shares.append(Share(candidate, [a.row for a in mine[n : n + MAX_ROWS]]))
        taken = {a.row for a in mine}
        left = [a for a in left if a.row not in taken]
    shares += [Share(None, [a.row for a in left[n : n + MAX_ROWS]]) for n in range(0, len(left), MAX_ROWS)]
    return shares


def number_parts(shares: Sequence[Share]) -> None:
    """Number the parts of each reviewer over all departments, so that one is open at a time where they are more than fifty rows
    together."""
    load: dict[int, int] = {}
    turns: dict[int, int] = {}
    for share in shares:
        if share.reviewer is None:
            continue
        who = share.reviewer.person
        if load.get(who, 0) + len(share.rows) > MAX_ROWS and load.get(who, 0):
            turns[who] = turns.get(who, 0) + 1
            load[who] = 0
        load[who] = load.get(who, 0) + len(share.rows)
        share.turn = turns.get(who, 0)


def _supervised(rows: list[Item], present: frozenset[int]) -> tuple[list[Item], list[Share]]:
    """Groups of supervisors, the largest first, until the rest is one person's."""
    groups: dict[int, list[Item]] = {}
    for a in rows:
        if a.supervisor in present and a.may(Candidate(a.supervisor, "supervisor")):
            groups.setdefault(a.supervisor, []).append(a)
    left = {a.row: a for a in rows}
    shares = []
    for supervisor, mine in sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        if len(left) <= MAX_ROWS:
            break
        mine = mine[:MAX_ROWS]
        shares.append(Share(Candidate(supervisor, "supervisor"), [a.row for a in mine]))
        for a in mine:
            del left[a.row]
    return list(left.values()), shares
