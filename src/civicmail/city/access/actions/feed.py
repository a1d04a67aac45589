"""The personnel system's list: read as a proposal, looked at, applied; it never grants access (P-08; L1, L7, M6)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from civicmail.city.access import guard
from civicmail.city.access.actions import ending, entries
from civicmail.city.access.actions.acting import locked
from civicmail.city.access.actions.people import OVERLAP, shorten
from civicmail.city.access.actions.publishing import publish_on_commit
from civicmail.city.access.actors import Actor
from civicmail.city.access.errors import Conflict, NotPermitted
from civicmail.city.access.moments import DAY, moment
from civicmail.city.access.queries.feeds import contracts, known
from civicmail.city.access.reasons import reason as in_words
from civicmail.city.directory import feeddiff, feedfile
from civicmail.city.directory.models import Contract, Department, Episode, FeedLine, FeedRun, Person

AT_ONCE = 1000
_NAMES = ("family", "given", "display", "phone", "language", "outside")


def propose(content: bytes, *, source: str, actor: Actor, now: int) -> FeedRun:
    """Read a list and say what it would do: nothing is changed. The state is "proposed", or "stopped" where the brake holds it. A
    proposal that waited is rejected by a newer one. Raises Unusable for a file that cannot be read."""
    guard.require(actor, "feed.run", now=now)
    feed = feedfile.read(content)
    people = known()
    departments = frozenset(Department.objects.filter(closed__isnull=True).values_list("code", flat=True))
    today = timezone.localdate(moment(now))
    lines = feeddiff.compare(feed, people, departments, {key: c.ends for key, c in contracts().items()}, today)
    state = "stopped" if feeddiff.is_too_many(lines, people) else "proposed"
    with transaction.atomic():
        FeedRun.objects.filter(state__in=["proposed", "stopped"]).update(state="rejected", reason="A newer list was read.")
        run = FeedRun.objects.create(
            at=moment(now),
            source=source[:200],
            sha256=hashlib.sha256(content).hexdigest(),
            rows=len(feed.rows) + len(feed.refused),
            state=state,
            by=actor.uid,
        )
        FeedLine.objects.bulk_create(
            [FeedLine(run=run, line=n.line, uid=n.uid, did=n.did, changes=n.changes, reason=n.reason[:300]) for n in lines],
            batch_size=AT_ONCE,
        )
        _entered("feed.run", run, actor, "", now, _counts(lines))
    return run


def apply(run: FeedRun, *, actor: Actor, reason: str, now: int, despite_brake: bool = False) -> FeedRun:
    """Do what was proposed, all or nothing. despite_brake: somebody looked at the many who would be ended. Raises Conflict for a
    proposal that is not the newest, or that the brake holds."""
    guard.require(actor, "feed.apply", now=now)
    reason = in_words(reason)
    with transaction.atomic():
        row = locked(run, "state")
        if row.state not in ("proposed", "stopped"):
            raise Conflict("This proposal was applied or rejected already.")
        if row.state == "stopped" and not despite_brake:
            ended = row.lines.filter(did="ended").count()
            raise NotPermitted(f"The brake: it would end {ended} people, more than 2 %. Look at them, then say that it is right.")
        lines = list(row.lines.all())
        counts = _apply(lines, actor, now)
        row.state, row.reason = "applied", reason[:400]
        row.save(update_fields=["state", "reason"])
        _entered("feed.apply", row, actor, reason, now, counts | {"despite_brake": int(run.state == "stopped")})
        publish_on_commit()
    return row


def reject(run: FeedRun, *, actor: Actor, reason: str, now: int) -> None:
    """The proposal is not done."""
    guard.require(actor, "feed.apply", now=now)
    reason = in_words(reason)
    with transaction.atomic():
        row = locked(run, "state")
        if row.state not in ("proposed", "stopped"):
            raise Conflict("This proposal was applied or rejected already.")
        row.state, row.reason = "rejected", reason[:400]
        row.save(update_fields=["state", "reason"])
        _entered("feed.reject", row, actor, reason, now, {})


def _apply(lines: Sequence[FeedLine], actor: Actor, now: int) -> dict[str, int]:
    by_did: dict[str, list[FeedLine]] = defaultdict(list)
    for line in lines:
        by_did[line.did].append(line)
    changed = by_did["added"] + by_did["changed"]
    people = _people(changed)
    departments = {d.code: d for d in Department.objects.all()}
    _hire(by_did["added"], people, departments, now)
    _change(by_did["changed"], people, departments, now)
    _supervise(changed, people)
    leavers = list(Person.objects.filter(uid__in=[line.uid for line in by_did["ended"]], episodes__ended__isnull=True).distinct())
    if leavers:
        made = ending.plan(leavers, reason="Not in the personnel list any more.", when=now, actor=actor, now=now)
        ending.carry_out(made, actor=actor, now=now)
    for did, act in (("added", "person.add"), ("changed", "person.change")):
        done = [(f"person:{line.uid}", line.changes) for line in by_did[did]]
        entries.enter_each(act, done, actor=actor, reason="personnel list", now=now)
    return _counts(lines)


def _people(lines: Sequence[FeedLine]) -> dict[str, Person]:
    """By uid; new ones are made, names of others brought up to date."""
    uids = [line.uid for line in lines]
    people = {
        p.uid: p for begin in range(0, len(uids), AT_ONCE) for p in Person.objects.filter(uid__in=uids[begin : begin + AT_ONCE])
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
    for person in Person.objects.bulk_create(new, batch_size=AT_ONCE):
        people[person.uid] = person
    Person.objects.bulk_update(renamed, _NAMES, batch_size=AT_ONCE)
    return people


def _hire(lines: Sequence[FeedLine], people: dict[str, Person], departments: dict[str, Department], now: int) -> None:
    """New employments, without access: that is the department's to decide."""
    agreed = contracts()
    today = timezone.localdate(moment(now))
    busy = set(
        Episode.objects.filter(ended__isnull=True, person__in=[people[n.uid].pk for n in lines]).values_list("person", flat=True)
    )
    made = []
    for line in lines:
        said = {name: values[1] for name, values in line.changes.items()}
        if people[line.uid].pk in busy:
            raise Conflict(f"{line.uid} works for the city by now; read the list again.")
        made.append(
            Episode(
                person=people[line.uid],
                kind=said["kind"],
                department=departments[said["department"]],
                position=said.get("position", ""),
                contract=_contract(agreed, said.get("contract", "")),
                starts=_day(said["starts"]) or today,
                ends=_day(said.get("ends", "")),
            )
        )
    Episode.objects.bulk_create(made, batch_size=AT_ONCE)


def _change(lines: Sequence[FeedLine], people: dict[str, Person], departments: dict[str, Department], now: int) -> None:
    """Work that is other; who goes to another department keeps the old one's access for the overlap (M6)."""
    agreed = contracts()
    ids = [people[line.uid].pk for line in lines]
    episodes = {e.person_id: e for e in Episode.objects.filter(ended__isnull=True, person__in=ids).select_related("department")}
    moved: dict[Department, list[int]] = defaultdict(list)
    changed = []
    for line in lines:
        episode = episodes.get(people[line.uid].pk)
        if episode is None:
            raise Conflict(f"{line.uid} does not work for the city any more; read the list again.")
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
    Episode.objects.bulk_update(changed, ["department", "contract", "ends", "kind", "position"], batch_size=AT_ONCE)
    for old, who in moved.items():
        shorten(who, old, until=now + OVERLAP * DAY, now=now)


def _supervise(lines: Sequence[FeedLine], people: dict[str, Person]) -> None:
    """Last, when everybody is there."""
    wanted = {people[n.uid].pk: n.changes["supervisor"][1] for n in lines if "supervisor" in n.changes}
    above = {p.uid: p for p in people.values()}
    missing = [uid for uid in set(wanted.values()) if uid and uid not in above]
    for begin in range(0, len(missing), AT_ONCE):
        above |= {p.uid: p for p in Person.objects.filter(uid__in=missing[begin : begin + AT_ONCE])}
    rows = list(Episode.objects.filter(ended__isnull=True, person__in=wanted))
    for episode in rows:
        episode.supervisor = above.get(wanted[episode.person_id])
    Episode.objects.bulk_update(rows, ["supervisor"], batch_size=AT_ONCE)


def _contract(agreed: dict[str, Contract], name: str) -> Contract | None:
    if name and name not in agreed:
        raise Conflict(f"There is no contract {name} any more; read the list again.")
    return agreed.get(name)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _counts(lines: Sequence[feeddiff.Line] | Sequence[FeedLine]) -> dict[str, int]:
    return {did: sum(line.did == did for line in lines) for did in ("added", "changed", "ended", "refused")}


def _entered(act: str, run: FeedRun, actor: Actor, reason: str, now: int, counts: dict[str, int]) -> None:
    facts = {"source": run.source, "sha256": run.sha256, "rows": run.rows, "state": run.state, **counts}
    entries.enter(act, actor=actor, reason=reason, now=now, object=f"feed:{run.pk}", facts=facts)
