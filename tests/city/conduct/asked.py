"""A department whose people are reviewed: works (head hank, deputy dora) under city (top), an access officer, and workers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from city.identity import staff
from city.identity.staff import MS, NOW, OLD
from civicmail.city.conduct.actions import review_jobs, review_schedule, review_start
from civicmail.city.conduct.models import Review, ReviewPart, ReviewRow
from civicmail.city.directory.models import Department, Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.models import Account
from civicmail.city.identity.models import Acknowledgement, Authorization, RoleActivation, RoleAssignment
from civicmail.city.identity.queries.actors import actor_of

LONG = NOW - timedelta(days=200)
START = MS + 3_600_000
WHY = "The yearly look at who still needs mail."


class Works:
    """works with so many workers w0, w1, …, who are all used and accepted; officer is the access officer, audit the auditor."""

    def __init__(self, workers: int = 3) -> None:
        self.top = staff.person("top")
        self.city = staff.department("city", self.top)
        self.hank = staff.person("hank")
        self.works = staff.department("works", self.hank, self.city)
        self.office = staff.department("office", staff.person("boss"))
        self.text = staff.policy(at=LONG)
        self._at_home(self.top, self.city)
        self._at_home(self.hank, self.works)
        self.dora = self.worker("dora")
        self.works.deputies.add(self.dora)
        self.officer = self.worker("officer", self.office)
        self.hold(self.officer, "access-officer")
        self.workers = [self.worker(f"w{n}") for n in range(workers)]

    def _at_home(self, who: Person, where: Department) -> None:
        staff.employed(who, where)
        self.accept(who)
        self.signed_in(who)

    def worker(self, uid: str, where: Department | None = None, kind: str = "employee", used: bool = True, **more: Any) -> Person:
        """Somebody with a mailbox; used: signed in lately."""
        who = staff.worker(uid, where or self.works, self.hank, kind, **more)
        Authorization.objects.filter(person=who).update(starts=LONG, asked=LONG)
        self.accept(who)
        if used:
            self.signed_in(who)
        return who

    def accept(self, who: Person) -> None:
        Acknowledgement.objects.create(person=who, text=self.text, accepted=True, shown="0" * 64, at=OLD)

    def signed_in(self, who: Person) -> None:
        Account.objects.filter(person=who).update(last_login=NOW - timedelta(days=1))

    def hold(self, who: Person, role: str, by: str = "boss", where: Department | None = None) -> RoleAssignment:
        ends = NOW + timedelta(days=160)
        made = RoleAssignment.objects.create(
            person=who, role=role, department=where, starts=LONG, until=ends, by=by, reason="a test"
        )
        if role == "access-officer":
            RoleActivation.objects.create(grant=made, reason="a test", at=LONG, until=ends)
        return made

    def start(self, tier: str = "everyone", now: int = START, departments: tuple[Department, ...] = ()) -> Review:
        return review_schedule.start_now(tier, actor=actor(self.officer, now), reason=WHY, now=now, departments=departments)  # type: ignore[arg-type]

    def start_anyhow(self, now: int = START) -> Review:
        """By the machine: also where no officer could."""
        planned = Review.objects.create(key="by hand", tier="everyone", planned=NOW.date(), by="tick")
        return review_start.begin(planned, actor=review_schedule.TICK, now=now)


def quiet(workers: int = 22) -> Works:
    """A department so large that one idle person is no tenth of it."""
    works = Works(workers)
    works.worker("idle", used=False)
    box = staff.mailbox("hank@city.example", works.works, works.hank)
    staff.authorized(works.hank, box, works.hank.episodes.get(), works.top)
    return works


def actor(who: Person, now: int = START) -> Actor:
    return actor_of(Account.objects.select_related("person").get(person=who), "192.0.2.1", now)


def row(review: Review, uid: str) -> ReviewRow:
    return ReviewRow.objects.select_related("review", "part__department", "right").get(review=review, person__uid=uid)


def part(review: Review, uid: str) -> ReviewPart:
    return ReviewPart.objects.select_related("review", "department").get(review=review, reviewer__uid=uid)


def day(number: float) -> int:
    """So many days after the start."""
    return int(START + number * DAY_MS)


def sweep(now: int) -> int:
    """Rounds until one finds nothing to do; more than a handful would never end."""
    for n in range(8):
        if not review_jobs.sweep(now):
            return n
    raise AssertionError(f"the sweep always finds something at {from_ms(now)}")
