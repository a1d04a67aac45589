"""Apply the lines of a personnel feed: add, change and end people (P-08; L1, L5, M6).

For the verbs of feeds, which have passed the guard. Nothing here grants access.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils import timezone

from civicmail.city.directory.feed_diff import FeedResult
from civicmail.city.directory.models import Contract, Department, Episode, FeedLine, Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.identity.actions import access_end, ban_matches, feedaddresses
from civicmail.city.identity.actions.people import shorten
from civicmail.city.identity.authorization_states import OVERLAP_DAYS
from civicmail.city.identity.queries.feeds import contracts

BATCH_SIZE = 1000
_NAMES = ("family", "given", "display", "phone", "language", "outside")
_IDENTIFYING = frozenset({"family", "given", "display", "phone", "outside", "starts"})
"""Fields by which somebody is known again, or comes."""
_OF_PEOPLE = frozenset({*_NAMES, "supervisor"})
_WORK = ("department", "contract", "ends", "kind", "position")


def apply_lines(
    lines: Sequence[FeedLine],
    *,
    actor: Actor,
    reason: str = "personnel list",
    gone: str = "Not in the personnel list any more.",
    now: int,
) -> dict[str, int]:
    """Apply the lines, all or nothing; return the number of each kind. Raises Conflict if the directory has changed since they were
    made. reason: for entries about people added and changed; gone: for endings."""
    by_did: dict[str, list[FeedLine]] = defaultdict(list)
    for line in lines:
        by_did[line.did].append(line)
    changed = by_did["added"] + by_did["changed"]
    if changed:
        people = _people([line for line in changed if line.did == "added" or not _OF_PEOPLE.isdisjoint(line.changes)])
        codes = {line.changes["department"][1] for line in changed if "department" in line.changes}
        departments = {d.code: d for d in Department.objects.filter(code__in=codes)} if codes else {}
        _hire(by_did["added"], people, departments, now)
        _change(by_did["changed"], departments, now)
        _supervise(changed, people)
        feedaddresses.apply_addresses(changed, actor=actor, reason=reason, now=now)
        called = [people[line.uid] for line in changed if line.uid in people and not _IDENTIFYING.isdisjoint(line.changes)]
        ban_matches.notify_of_matches(called, now=now)
    if leavers := _leavers(by_did["ended"]):
        made = access_end.schedule(leavers, reason=gone, when=now, actor=actor, now=now)
        access_end.carry_out(made, actor=actor, now=now)
    for did, act in (("added", "person.add"), ("changed", "person.change")):
        done = [(f"person:{line.uid}", line.changes) for line in by_did[did]]
        entries.enter_each(act, done, actor=actor, reason=reason, now=now)
    return counts(lines)


def _leavers(lines: Sequence[FeedLine]) -> list[Person]:
    """The people of the lines who still work for the city."""
    uids = [line.uid for line in lines]
    leavers: dict[int, Person] = {}
    for begin in range(0, len(uids), BATCH_SIZE):
        rows = Person.objects.filter(uid__in=uids[begin : begin + BATCH_SIZE], episodes__ended__isnull=True, episodes__isnull=False)
        leavers |= {p.pk: p for p in rows}
    return list(leavers.values())


def _people(lines: Sequence[FeedLine]) -> dict[str, Person]:
    """By uid; new ones are made, names of others brought up to date."""
    uids = [line.uid for line in lines]
    people = {
        p.uid: p
        for begin in range(0, len(uids), BATCH_SIZE)
        for p in Person.objects.filter(uid__in=uids[begin : begin + BATCH_SIZE])
    }
    new, renamed = [], []
    for line in lines:
        names = {name: line.changes[name][1] for name in _NAMES if name in line.changes}
        person = people.get(line.uid)
        if person is None:
            new.append(Person(uid=line.uid, **names))
        elif names:
            for name, value in names.items():
                setattr(person, name, value)
            renamed.append(person)
    for person in Person.objects.bulk_create(new, batch_size=BATCH_SIZE):
        people[person.uid] = person
    _save(Person, renamed, _columns_changed(lines, _NAMES))
    return people


def _hire(lines: Sequence[FeedLine], people: dict[str, Person], departments: dict[str, Department], now: int) -> None:
    """New employments, without access: that is the department's to decide."""
    if not lines:
        return
    agreed = contracts()
    today = timezone.localdate(from_ms(now))
    busy = set(
        Episode.objects.filter(ended__isnull=True, person__in=[people[n.uid].pk for n in lines]).values_list("person", flat=True)
    )
    made = []
    for line in lines:
        fields = {name: values[1] for name, values in line.changes.items()}
        if people[line.uid].pk in busy:
            raise Conflict(f"{line.uid} works for the city now. Run the dry run again.")
        made.append(
            Episode(
                person=people[line.uid],
                kind=fields["kind"],
                department=departments[fields["department"]],
                position=fields.get("position", ""),
                contract=_contract(agreed, fields.get("contract", "")),
                starts=_day(fields["starts"]) or today,
                ends=_day(fields.get("ends", "")),
            )
        )
    Episode.objects.bulk_create(made, batch_size=BATCH_SIZE)


def _change(lines: Sequence[FeedLine], departments: dict[str, Department], now: int) -> None:
    """Change a person's work. After a transfer the old department's access continues for the overlap (M6)."""
    if not lines:
        return
    agreed = contracts() if _columns_changed(lines, ("contract",)) else {}
    open_ = Episode.objects.filter(ended__isnull=True, person__uid__in=[line.uid for line in lines])
    episodes = {e.person.uid: e for e in open_.select_related("person", *(["department"] if departments else []))}
    moved: dict[Department, list[int]] = defaultdict(list)
    changed = []
    for line in lines:
        episode = episodes.get(line.uid)
        if episode is None:
            raise Conflict(f"{line.uid} does not work for the city any more. Run the dry run again.")
        for name, (_, value) in line.changes.items():
            if name == "department":
                moved[episode.department].append(episode.person_id)
                episode.department = departments[value]
            elif name == "contract":
                episode.contract = _contract(agreed, value)
            elif name == "ends":
                episode.ends = _day(value)
            elif name in ("kind", "position"):
                setattr(episode, name, value)
        changed.append(episode)
    _save(Episode, changed, _columns_changed(lines, _WORK))
    for old, who in moved.items():
        shorten(who, old, until=now + OVERLAP_DAYS * DAY_MS, now=now)


def _supervise(lines: Sequence[FeedLine], people: dict[str, Person]) -> None:
    """Last, when everybody is there."""
    supervisors = {people[n.uid].pk: n.changes["supervisor"][1] for n in lines if "supervisor" in n.changes}
    if not supervisors:
        return
    above = {p.uid: p for p in people.values()}
    missing = [uid for uid in set(supervisors.values()) if uid and uid not in above]
    for begin in range(0, len(missing), BATCH_SIZE):
        above |= {p.uid: p for p in Person.objects.filter(uid__in=missing[begin : begin + BATCH_SIZE])}
    rows = list(Episode.objects.filter(ended__isnull=True, person__in=supervisors))
    for episode in rows:
        episode.supervisor = above.get(supervisors[episode.person_id])
    _save(Episode, rows, ["supervisor"])


def _columns_changed(lines: Sequence[FeedLine], columns: Sequence[str]) -> list[str]:
    """The columns that any line changes; others are not written."""
    return [column for column in columns if any(column in line.changes for line in lines)]


def _save(model: type[Person] | type[Episode], rows: Sequence[Any], fields: list[str]) -> None:
    """A feed that speaks of one person at a time has one; a query for many takes five times as long to build."""
    if len(rows) == 1 and fields:
        rows[0].save(update_fields=fields)
    elif rows and fields:
        model.objects.bulk_update(rows, fields, batch_size=BATCH_SIZE)


def _contract(agreed: dict[str, Contract], name: str) -> Contract | None:
    if name and name not in agreed:
        raise Conflict(f"There is no contract {name} any more. Run the dry run again.")
    return agreed.get(name)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def counts(lines: Sequence[FeedResult] | Sequence[FeedLine]) -> dict[str, int]:
    """The number of lines of each kind."""
    return {did: sum(line.did == did for line in lines) for did in ("added", "changed", "ended", "refused")}
