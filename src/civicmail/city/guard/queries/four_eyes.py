"""Load the facts of the separation of duties (four_eyes.py): who opened, added or named whom.

A fixed number of queries for each step from a person to the one who opened their sign-in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import combinations

from django.db.models import Q

from civicmail.city.directory.models import Episode, FeedLine, Person, ScimUser
from civicmail.city.directory.person_traits import FORMER, NAME, PHONE
from civicmail.city.directory.queries import traits_of
from civicmail.city.guard import four_eyes, guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.four_eyes import AccountOpening, Appointment, Facts
from civicmail.city.guard.models import Entry, Invitation
from civicmail.city.guard.permissions import TAKE_TWO
from civicmail.city.guard.resources import Decision, OfPerson, Resource
from civicmail.core.config.sentence import sentence as _

_COMMON = {
    NAME: _("the same name"),
    FORMER: _("the same name, of one of you formerly"),
    PHONE: _("the same telephone number"),
}
_ELSEWHERE = _("the same private address or number")
NAMING = ("department.change", "duty.grant", "mandate.protect", "review.delegate")
"""Acts by which somebody is given the power to decide."""


def with_facts[Of: Resource](about: Of, actor: Actor, now: int) -> Of:
    """The resource of an act, with facts about the actors of the other parts. now: ms."""
    if isinstance(about, Decision) and about.first_actors and about.four_eyes is None:
        return replace(about, four_eyes=facts_of([about], actor, now))
    return about


def facts_of(abouts: Iterable[Decision], actor: Actor, now: int) -> Facts:
    """The same for many that one person decides about together."""
    rows = list(abouts)
    uids = {actor.uid, *(uid for row in rows for uid in (row.person if isinstance(row, OfPerson) else "", *row.first_actors))} - {
        ""
    }
    return facts(uids, began=min((row.began_ms for row in rows), default=0), now=now)


def may(actor: Actor, act: str, about: Resource, *, now: int) -> guard.AccessDecision:
    """Whether the actor may, and is a second person if the act takes two."""
    return guard.may(actor, act, with_facts(about, actor, now) if act in TAKE_TWO else about, now=now)


def require(actor: Actor, act: str, about: Resource, *, now: int) -> None:
    """Raise NotPermitted unless the actor may, and is a second person where the act takes two."""
    guard.require(actor, act, with_facts(about, actor, now) if act in TAKE_TWO else about, now=now)


def is_oneself(actor: Actor, person: Person, now: int) -> bool:
    """Whether the person is the actor, under any number."""
    return four_eyes.is_same_person(actor.uid, person.uid, facts({actor.uid, person.uid}, began=now, now=now))


def facts(uids: Collection[str], *, began: int, now: int) -> Facts:
    """All facts that four_eyes.py needs about these people. began: of the request, ms, 0 if unknown. now: ms."""
    opened: list[AccountOpening] = []
    known: set[str] = set()
    coming = set(uids)
    while coming:
        known |= coming
        added = _by_hand(coming)
        more = [*_signins(coming, now), *added]
        opened += more
        coming = ({hand for one in more for hand in one.hands | one.seen_by} | _namesakes({one.of for one in added})) - known
    people = {p.uid: p for p in Person.objects.filter(uid__in=known)}
    machines = {uid for uid in known if ":" in uid and uid not in people}
    return Facts(
        frozenset(people) | machines, tuple(opened), _same(people), tuple(_named(known, began)),
        {uid: p.display for uid, p in people.items()},
    )  # fmt: skip


def _signins(uids: Collection[str], now: int) -> list[AccountOpening]:
    """Letters and links that were used, or can be used still, without those whose second half was not released."""
    whole = Q(whole=True) | Q(handed__isnull=False)
    live = Q(used__isnull=False) | (whole & Q(ended__isnull=True, until__gt=from_ms(now)))
    rows = Invitation.objects.filter(live, account__person__uid__in=uids).order_by("id")
    columns = ("account__person__uid", "by", "handed_by", "recovery", "used", "made")
    return [
        AccountOpening(
            uid, _hands(by, handed_by), "recovered" if recovery else "invited", epoch_ms(used or made),
            frozenset() if recovery else _hands(by),
        )
        for uid, by, handed_by, recovery, used, made in rows.values_list(*columns)
    ]  # fmt: skip


def _hands(*uids: str) -> frozenset[str]:
    """The people needed. The owner of the data folder ("os:NAME") counts like another; acts of that owner alone connect no
    accounts, because the owner has every key of the installation anyway (SECURITY.md)."""
    return frozenset(uid for uid in uids if uid)


def _by_hand(uids: Collection[str]) -> list[AccountOpening]:
    """People added manually, with those who have seen them since: who read a personnel list with them, or handed them a letter.
    People from a list (whose entries also contain earlier data) or an identity provider were not added manually."""
    rows = Entry.objects.filter(act="person.add", object__in=[f"person:{uid}" for uid in uids]).order_by()
    added = rows.values_list("object", "person", "at", "facts")
    accounts = [(object_.partition(":")[2], by, at) for object_, by, at, facts in added if isinstance(facts.get("department"), str)]
    if not accounts:
        return []
    seen: dict[str, set[str]] = {}
    lists = FeedLine.objects.filter(uid__in=uids, did__in=["added", "changed"], run__state__in=["applied", "live"])
    letters = Invitation.objects.filter(used__isnull=False, account__person__uid__in=uids).exclude(handed_by="")
    for uid, by in lists.order_by().values_list("uid", "run__by"):
        seen.setdefault(uid, set()).add(by)
    for uid, by in letters.values_list("account__person__uid", "handed_by"):
        seen.setdefault(uid, set()).update(set() if by.startswith("os:") else {by})
    provided = set(ScimUser.objects.filter(uid__in=uids, gone__isnull=True).values_list("uid", flat=True))
    return [
        AccountOpening(uid, _hands(by), "added", at, seen_by=frozenset(seen.get(uid, ())))
        for uid, by, at in accounts
        if uid not in provided
    ]


def _namesakes(uids: set[str]) -> set[str]:
    """People added manually who may be one person with some of these, who were added manually too: a person whom one officer has
    invented can get a second number from another."""
    if not uids:
        return set()
    added = {object_.partition(":")[2] for object_ in Entry.objects.filter(act="person.add").values_list("object", flat=True)}
    people = {p.uid: p for p in Person.objects.filter(uid__in=added | uids)}
    known = traits_of(people.values())
    return {
        other
        for uid in uids & people.keys()
        for other in people.keys() - uids
        if known[people[uid].pk].common_traits(known[people[other].pk])
    }


def _same(people: dict[str, Person]) -> dict[frozenset[str], str]:
    """Pairs that the directory has the same of: a name, now or formerly, an address elsewhere, a number at an identity provider; a
    telephone number where it is no line of an office that both work in."""
    if len(people) < 2:
        return {}
    known = traits_of(people.values())
    pairs: dict[frozenset[str], str] = {}
    for one, other in combinations(sorted(people), 2):
        mine, theirs = people[one].pk, people[other].pk
        common = known[mine].common_traits(known[theirs])
        if PHONE in common and _is_shared(mine, theirs):
            common.remove(PHONE)
        if common:
            pairs[frozenset({one, other})] = _COMMON.get(common[-1], _ELSEWHERE)
    return pairs


def _is_shared(person: int, other: int) -> bool:
    rows = Episode.objects.filter(person__in=[person, other], ended__isnull=True).values_list("department", flat=True)
    return len(rows) != len(set(rows))


def _named(uids: Collection[str], began: int) -> Iterable[Appointment]:
    """Whom these people have named as deputies, or given a role, since the request began."""
    rows = Entry.objects.filter(act__in=NAMING, person__in=uids, at__gte=began).order_by("at")
    for by, at, facts_ in rows.values_list("person", "at", "facts"):
        if "after" in facts_:
            given = set(facts_["after"]) - set(facts_["before"])
        else:
            given = {facts_.get("person"), facts_.get("to")} if facts_.get("approves", 1) else set()
        yield from (Appointment(by, uid, at) for uid in given if uid)
