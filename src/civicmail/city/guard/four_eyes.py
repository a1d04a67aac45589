"""Separation of duties: whether two accounts count as two people for one decision (P-07, P-16, E3). Pure.

Two accounts are two people unless one natural person could control both: by opening another's sign-in within 90 days, by adding the
person manually, by having two numbers. A person whom the first person named for it after the request began does not count either.
Facts are loaded by queries/four_eyes.py; a missing fact refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _

WINDOW_DAYS = 90
WINDOW = WINDOW_DAYS * 86_400_000
"""ms for which whoever opened a sign-in is no second person for its owner."""

UNKNOWN = _("It cannot be told whether this would be a second person, so it is refused. Ask another officer.")

OpeningKind = Literal["invited", "recovered", "added"]


@dataclass(frozen=True, slots=True)
class AccountOpening:
    """How an account was opened. of: its owner; hands: people all of whom were needed; at: ms; by: among them, the requester of a
    letter for a first sign-in; seen_by: who has seen a manually added person since. An opened sign-in counts for 90 days, a
    manually added person until another person has seen them; acts of the owner of the data folder ("os:NAME") alone never count."""

    of: str
    hands: frozenset[str]
    how: OpeningKind
    at: int
    by: frozenset[str] = frozenset()
    seen_by: frozenset[str] = frozenset()

    @property
    def openers(self) -> frozenset[str]:
        """People who are no second person for its owner, although it took two: both, after a recovery."""
        return self.by or self.hands


@dataclass(frozen=True, slots=True)
class Appointment:
    """Somebody was given the power to decide: as a deputy, by a role, as an approver. at: ms."""

    by: str
    of: str
    at: int


@dataclass(frozen=True, slots=True)
class Facts:
    """people: uids that the facts are about; same: pairs of uids that may be one person, and what they have in common; names: by
    uid, as pages show people."""

    people: frozenset[str]
    opened: tuple[AccountOpening, ...] = ()
    same: Mapping[frozenset[str], str] = field(default_factory=dict)
    named: tuple[Appointment, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    def name(self, uid: str) -> str:
        return self.names.get(uid, uid)

    def owners(self) -> dict[str, str]:
        """One uid for all that may belong to one natural person."""
        owner = {uid: uid for uid in self.people}
        for pair in self.same:
            first, *others = sorted(owner[uid] for uid in pair)
            owner = {uid: first if was in others else was for uid, was in owner.items()}
        return owner

    def counted(self, at: int, now: int) -> list[AccountOpening]:
        """The openings that count between 90 days before `at` and now."""
        return [
            opening
            for opening in self.opened
            if any(":" not in hand for hand in opening.hands)
            and opening.at <= now
            and (self._is_unseen(opening) if opening.how == "added" else opening.at > at - WINDOW)
        ]

    def _is_unseen(self, opening: AccountOpening) -> bool:
        """Whether only the person who added them has seen this person."""
        owner = self.owners()
        return not {owner[uid] for uid in opening.seen_by if uid in owner} - {owner.get(hand) for hand in opening.hands}

    def operators(self, uid: str, at: int, now: int, *, _by: frozenset[AccountOpening] = frozenset()) -> frozenset[str]:
        """The natural persons each of whom could, alone, have signed in as this account since 90 days before `at`, as owners names
        them. One of two hands is no one person, unless one could be both. A person who was invented is so under each number."""
        owners = self.owners()
        owner = owners.get(uid, uid)
        people = frozenset({owner})
        for opening in self.counted(at, now):
            is_theirs = opening.of == uid or (opening.how == "added" and owners.get(opening.of) == owner)
            if is_theirs and opening not in _by:
                people |= frozenset.intersection(
                    *(self.operators(hand, opening.at, opening.at, _by=_by | {opening}) for hand in opening.hands)
                )
        return people


def is_same_person(uid: str, other: str, facts: Facts | None = None) -> bool:
    """Whether these are one person: by number, and, if facts were loaded, by data of the directory."""
    if uid == other:
        return bool(uid)
    if facts is None or not {uid, other} <= facts.people:
        return False
    owner = facts.owners()
    return owner[uid] == owner[other]


def why_refused(
    uid: str, firsts: Collection[str], facts: Facts | None, *, began: int, now: int, sentence: str = "", alone: bool = False
) -> str:
    """The reason why a person may not be the second person beside `firsts`; empty if they may.

    firsts: uids of those who did the other parts; began: start of the request, epoch ms, 0 if unknown; sentence: refusal for the
    same person; alone: see permissions.Permission. Without facts only uids are compared, which suffices for a button, never for an
    act.
    """
    if uid in firsts:
        return sentence or _("It takes two people: whoever did the first half does not do the second.")
    if facts is None:
        return ""
    for first in sorted(firsts):
        if not {uid, first} <= facts.people:
            return UNKNOWN
        pair = _Pair(uid, first, facts, min(began or now, now), now, alone)
        if tie := pair.tie() or pair.named(began):
            return tie
    return ""


@dataclass(frozen=True, slots=True)
class _Pair:
    """A person (uid), the actor of the other part (first), and the start of the period that matters; ms."""

    uid: str
    first: str
    facts: Facts
    at: int
    now: int
    alone: bool

    def tie(self) -> Sentence | None:
        facts, owner = self.facts, self.facts.owners()
        me, other, name = owner[self.uid], owner[self.first], self.facts.name(self.first)
        if me == other:
            common = facts.same.get(frozenset({self.uid, self.first})) or _("what a third number has in common with both")
            return _(
                "The directory has {common} for you and for {name}, so you may be one person with two numbers. Ask another "
                "officer, or the access office to correct the directory.",
                common=common, name=name,
            )  # fmt: skip
        for one in facts.counted(self.at, self.now):
            if not (self.alone and len(one.hands) > 1):
                hands = {owner.get(hand, hand) for hand in one.openers}
                if owner.get(one.of) == other and me in hands:
                    return _opened_by_actor(one, name)
                if owner.get(one.of) == me and other in hands:
                    return _opened_for_actor(one, name)
        both = self._operators(self.uid) & self._operators(self.first)
        if both:
            return _(
                "{opener} could have signed in as you and as {name}: one person opened both accounts within {days} days, or added "
                "both by hand. Ask an officer whose account somebody else opened.",
                opener=facts.name(min(both)), name=name, days=WINDOW_DAYS,
            )  # fmt: skip
        return None

    def named(self, began: int) -> Sentence | None:
        owner = self.facts.owners()
        for one in self.facts.named:
            theirs = owner.get(one.by) in self._operators(self.first)
            if theirs and owner.get(one.of) == owner[self.uid] and one.at >= began:
                return _(
                    "{name} named you for this after it began, so you do not count as a second person. Ask somebody who could "
                    "decide before.",
                    name=self.facts.name(one.by),
                )
        return None

    def _operators(self, uid: str) -> frozenset[str]:
        return self.facts.operators(uid, self.at, self.now)


def _opened_by_actor(opening: AccountOpening, name: str) -> Sentence:
    if opening.how == "added":
        return _("You added {name} by hand, so you do not count as a second person for them. Ask another officer.", name=name)
    return _(
        "You opened the sign-in of {name} within {days} days, so you do not count as a second person for them. Ask another "
        "officer.",
        name=name, days=WINDOW_DAYS,
    )  # fmt: skip


def _opened_for_actor(opening: AccountOpening, name: str) -> Sentence:
    if opening.how == "added":
        return _("{name} added you by hand, so you do not count as a second person for them. Ask another officer.", name=name)
    return _(
        "{name} opened your sign-in within {days} days, so you do not count as a second person for them. Ask another officer.",
        name=name, days=WINDOW_DAYS,
    )  # fmt: skip
