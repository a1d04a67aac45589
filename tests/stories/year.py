"""A year of a city of 400 people, day by day, with a clock of its own: what test_year.py tells, step by step.

What should be so is worked out here from plain rows (`rightly`), apart from every query that the program decides by.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from django.db.models import Q
from django.utils import timezone

from civicmail.city.conduct import jobs
from civicmail.city.conduct.actions import review_answers
from civicmail.city.conduct.models import Review, ReviewPart, ReviewRow
from civicmail.city.conduct.queries import part_reviewers
from civicmail.city.directory.models import Episode, Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Account
from civicmail.city.identity.actions import bulk_authorization, content_views, date_sweep, devices, tokens
from civicmail.city.identity.models import Acknowledgement, Authorization, Bar, Usage
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.identity.worker_jobs import carry_entries
from civicmail.city.snapshot import imap_access
from civicmail.city.snapshot.credentials import find_device, read_key
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.front.sample.people import DEMO
from civicmail.front.sample.staff import populate
from civicmail.front.sample.staff_context import REASONS, Staff, actor, at_office
from civicmail.front.worker.people_jobs import append
from civicmail.mail.archive.commit import SHORT_FILE, Writer

BEGIN = datetime(2026, 1, 3, 1, 0, tzinfo=UTC)
"""Seven in the evening of 2 January where the city is: the mail of the morning has a test of its own."""
NEEDED = "Still answers letters of residents every day, asked on Monday."
NOT_NEEDED = "Nobody has written to or from it."


class Year:
    """now: ms; silent: heads (uids) and departments (codes) that answer nothing; keys: device password and token of a program, by
    person (uid)."""

    def __init__(self, data: Path) -> None:
        self.now = epoch_ms(BEGIN)
        self.data = data
        self.right: set[str] | None = None
        self.city: Staff = populate(self.now, DEMO)
        self.silent: set[str] = set()
        self.keys: dict[str, tuple[str, str]] = {}
        self.use(Person.objects.filter(episodes__ended__isnull=True))

    def by(self, person: Person) -> Actor:
        return actor(Person.objects.get(pk=person.pk), self.now)

    @property
    def office(self) -> Actor:
        return at_office(self.city, self.now)

    @property
    def today(self) -> date:
        return timezone.localdate(from_ms(self.now))

    def until(self, day: date) -> None:
        """Let time pass with all that the worker does, and reviewers who answer what they are asked: day by day while
        everybody, or whoever is from outside, is reviewed, else by the week."""
        while self.today < day:
            busy = Review.objects.filter(state="running", tier__in=("outside", "everyone")).exists()
            self.now += DAY_MS * (1 if busy else min(7, (day - self.today).days))
            date_sweep.sweep(self.now)
            jobs.run_due(self.now)
            self.answer()
            self.now += 600_000  # what was kept can be taken back for some minutes
            jobs.run_due(self.now)
        self.carry()

    def carry(self) -> None:
        """The ledger gets what was entered, as it does within a second; else nobody would be shown anything."""
        with closing(Writer(self.data, lambda: self.now, file_size=SHORT_FILE)) as writer:
            carry_entries(lambda heads: append(writer, heads), self.now)

    def use(self, people: Iterable[Person]) -> None:
        """Nine of ten use their mail this month."""
        boxes = dict(Authorization.objects.filter(state="active", role="holder").values_list("person", "mailbox"))
        rows = [
            Usage(person=p, mailbox_id=boxes[p.pk], day=self.today, sent=3, received=9)
            for n, p in enumerate(people)
            if p.pk in boxes and n % 10
        ]
        Usage.objects.bulk_create(rows, ignore_conflicts=True)

    def equip(self, people: Iterable[Person]) -> None:
        """A mail program and a program of the API for each of these, as they were made at the beginning and nobody takes back."""
        for person in people:
            who = self.by(person)
            password = devices.make(person, "Telephone", actor=who, now=self.now)
            token = tokens.make_for_program(person, "Calendar", ["read:mail"], days=330, actor=who, now=self.now)
            self.keys[person.uid] = (password, token)

    def opened(self, domains: tuple[str, ...]) -> set[str]:
        """uids of those for whom one of these opens anything: their mailbox at the door of Dovecot, or their mail to a program."""
        snapshot, key = build_snapshot(1, self.now, domains), read_key(self.data)
        assert key is not None, "device passwords were made"
        found = set()
        for uid, (password, token) in self.keys.items():
            person = snapshot.people.get(uid)
            if person is not None and find_device(key, person, password) and imap_access.own_mailbox(snapshot, person, self.now):
                found.add(uid)
            shown = tokens.program_by(token, now=self.now)
            if shown is not None and _sees(shown[1], self.now):
                found.add(uid)
        return found

    def answer(self) -> int:
        """Everybody who is asked in a review answers, but the silent; how many answers."""
        open_ = ReviewRow.objects.filter(state="open").values("part")
        parts = ReviewPart.objects.filter(pk__in=open_, review__state="running").select_related("review", "department")
        return sum(self._answer(part) for part in parts.order_by("review__deadline", "pk"))

    def _answer(self, part: ReviewPart) -> int:
        done = 0
        people = Person.objects.filter(pk__in=part_reviewers.of_part(part, self.now)).exclude(uid__in=self.silent).order_by("pk")
        for person in people if part.department.code not in self.silent else ():
            who = self.by(person)
            rows = ReviewRow.objects.filter(part=part, state="open").select_related(*review_answers.WITH).order_by("pk")
            for row in [r for r in rows if r.exceptions or r.changed or part.review.tier == "duties"]:
                done += self._one(row, who)
            try:
                done += review_answers.keep_rest(part, actor=who, now=self.now)
            except (Conflict, NotPermitted):
                continue  # their own row is somebody else's to answer
        return done

    def _one(self, row: ReviewRow, who: Actor) -> int:
        try:
            if "never" in row.exceptions and row.review.tier == "everyone" and row.asked["kind"] != "Elected official":
                review_answers.revoke(row, actor=who, reason=NOT_NEEDED, now=self.now)
            else:
                review_answers.keep(row, actor=who, reason=NEEDED, now=self.now)
        except (Conflict, NotPermitted):
            return 0
        return 1

    def authorize(self, person: Person) -> None:
        """The department decides about somebody who has come: reasons of the position, the head's word, the policy accepted."""
        work = Episode.objects.get(person=person, ended__isnull=True)
        team = self.city.team[work.department.code]
        head, deputy = (self.by(p) for p in team[:2])
        profile = bulk_authorization.write_profile(work.department, work.position, REASONS, actor=deputy, now=self.now)
        bulk_authorization.authorize(
            profile, [person], until=self.now + 300 * DAY_MS, actor=head, reason="Looked at it.", now=self.now
        )
        self.accept(person)

    def accept(self, person: Person) -> None:
        last = Acknowledgement.objects.filter(accepted=True).order_by("-at")[0]
        Acknowledgement.objects.create(person=person, text=last.text, accepted=True, shown=last.shown, at=from_ms(self.now))

    def feed(self, gone: Iterable[str] = (), changed: dict[str, str] | None = None) -> bytes:
        """The personnel list of this day: employees and the elected, without some, others in another department."""
        gone, changed = set(gone), changed or {}
        lines = ["uid,family,given,kind,department,position,supervisor"]
        rows = Episode.objects.filter(ended__isnull=True, contract__isnull=True).select_related(
            "person", "department", "supervisor"
        )
        for e in rows.order_by("person__uid"):
            if e.person.uid not in gone:
                where = changed.get(e.person.uid, e.department.code)
                boss = "" if e.person.uid in changed or e.supervisor is None or e.supervisor.uid in gone else e.supervisor.uid
                lines.append(f"{e.person.uid},{e.person.family},{e.person.given},{e.kind},{where},{e.position},{boss}")
        return "".join(f"{line}\n" for line in lines).encode()


def evidence(n: int) -> list[str]:
    """A number as messages have it."""
    return [str(uuid.UUID(int=(0x01993B5E9C007C3A8A55 << 48) + n))]


def rightly(now: int) -> set[str]:
    """uids of those who may use mail at this moment, by plain rows: employed, an own mailbox in force, an agency that is on, the
    policy accepted, nothing that bars them."""
    at = from_ms(now)
    found = set()
    shut = Bar.objects.filter(kind__in=("suspension", "permanent"), ended__isnull=True, since__lte=at)
    barred = set(shut.filter(Q(until__isnull=True) | Q(until__gt=at)).values_list("person", flat=True))
    accepted = dict(Acknowledgement.objects.order_by("at", "pk").values_list("person", "accepted"))  # the last word of each
    open_ = {e.person_id: e for e in Episode.objects.filter(ended__isnull=True).select_related("contract__agency")}
    for a in Authorization.objects.filter(role="holder", mailbox__kind="personal").select_related("person"):
        work = open_.get(a.person_id)
        off = work is None or (work.contract is not None and work.contract.agency.suspended is not None)
        if (
            a.state == "active"
            and a.starts is not None
            and a.starts <= at < a.until
            and not off
            and accepted.get(a.person_id)
            and a.person_id not in barred
        ):
            found.add(a.person.uid)
    return found


def mail_doors(now: int, domains: tuple[str, ...]) -> set[str]:
    """uids of those whom mail doors let send as themselves."""
    snapshot: Snapshot = build_snapshot(1, now, domains)
    return {
        p.id for p in snapshot.people.values()
        if not p.machine and not p.why and any(g.role == "holder" and g.send and now < g.until for g in p.grants)
    }  # fmt: skip


def pages(now: int, uids: Iterable[str]) -> set[str]:
    """Of these (uids) who sees their own mail on the pages."""
    return {
        account.person.uid
        for account in Account.objects.select_related("person").filter(person__uid__in=uids)
        if _sees(account, now)
    }


def _sees(account: Account, now: int) -> bool:
    who = actor_of(account, "127.0.0.1", now)
    try:
        _, addresses = content_views.own(who, now=now)
    except NotPermitted:
        return False
    return bool(set(account.person.addresses.values_list("address", flat=True)) & set(addresses))
