"""People at their work while a day is played: by the verbs of pages, after as long as people take.

Managers look at files that wait, readers take good mail out of quarantine, a security officer locks an account that was taken over
and gives it back.
"""

from __future__ import annotations

import math
from collections import Counter
from random import Random

from civicmail.city.access.actions import devices
from civicmail.city.access.actions.publishing import together
from civicmail.city.access.actors import Actor
from civicmail.city.access.duties import Duty
from civicmail.city.access.models import Account, DutyGrant
from civicmail.city.access.tasks import again_soon
from civicmail.city.directory.models import Mailbox
from civicmail.desk.holding import approvers, queries
from civicmail.desk.holding.actions import approving, containing, letting, switching
from civicmail.desk.holding.models import Approval, Containment
from civicmail.front.sample.cityhall import Staff, actor, on_duty

MEDIAN_MINUTES = 12
"""After so long a manager has looked, half of the times; P-22 works where that is below thirty."""
_SPREAD = 0.7
_OFFICE = (8.0, 17.5)
_LOCK_HOURS, _RELEASE_HOURS = 0.3, 2.0
_GOOD_AMONG_SPAM = 0.02
_SWITCH = "The sample city asks its managers about files (P-22)."


class Hands:
    """asked: questions by manager (uid); waits: minutes of the day from a question to its answer; answers, done: what was done, and
    how often."""

    def __init__(self, city: Staff, seed: int) -> None:
        self.asked: Counter[str] = Counter()
        self.waits: list[float] = []
        self.done: Counter[str] = Counter()
        self._city = city
        self._random = Random(seed)  # noqa: S311 - the same people for the same seed
        self._due: dict[str, float] = {}
        self._began: dict[str, float] = {}
        self._looked = -1

    def sign_in(self, now: int) -> dict[str, tuple[str, str]]:
        """Name and password of a mail program, by the address of whoever may send. now: ms."""
        boxes = Mailbox.objects.filter(kind="personal", closed__isnull=True).select_related("holder").order_by("pk")
        accounts = {a.person_id: a.username for a in Account.objects.filter(person__isnull=False)}
        found = {}
        with together():
            for box in boxes:
                if box.holder is None or box.holder.pk not in accounts or not (who := actor(box.holder, now)).admitted:
                    continue
                password = devices.make(box.holder, "Mail program", actor=who, now=now)
                found[box.address] = accounts[box.holder.pk], password
        return found

    def prepare(self, now: int) -> None:
        """Every department's files are asked about. now: ms."""
        author = self._in_duty("policy-author", now)
        for department in self._city.departments.values():
            switching.switch_on(department, 0, actor=author, reason=_SWITCH, now=now)

    def work(self, hour: float, now: int) -> None:
        """What people would do at this hour of the day."""
        with again_soon():
            self._approve(hour, now)
        with again_soon():
            self._secure(hour, now)
        if int(hour) > self._looked:
            self._looked = int(hour)
            with again_soon():
                self._read_quarantine(now)

    def _approve(self, hour: float, now: int) -> None:
        rows = Approval.objects.filter(copies__state="waits").select_related("person", "department__head").distinct().order_by("pk")
        for row in rows[:400]:
            key = f"approval {row.pk}"
            if key not in self._due:
                self._began[key], self._due[key] = hour, self._later(hour)
                self.asked.update(p.uid for p in approvers.asked(row, now)[:1])
            people = approvers.asked(row, now)
            if hour < self._due[key] or not people:
                continue
            what = "approve" if self._random.random() < 0.95 else "refuse"
            indices = list(row.copies.filter(state="waits").values_list("index", flat=True))
            approving.answer(row, indices, what, actor=actor(people[0], now), reason="It goes to whom it is for.", now=now)
            self.waits.append((hour - self._began[key]) * 60)
            self.done["files approved" if what == "approve" else "files not approved"] += 1

    def _secure(self, hour: float, now: int) -> None:
        for row in Containment.objects.filter(state__in=("held", "locked")).order_by("pk"):
            key = f"containment {row.pk}"
            since = hour - self._began.setdefault(key, hour)
            if row.state == "held" and since >= _LOCK_HOURS and row.person is not None:
                containing.lock(row, actor=self._in_duty("security-officer", now), reason="It writes to strangers.", now=now)
                self.done["accounts locked"] += 1
            elif since >= _RELEASE_HOURS:
                honest = [c for g in containing.groups_of(row, now) if not g.alike for c in g.captures]
                officer = self._in_duty("security-officer", now)
                containing.release(row, honest, allowed=0, actor=officer, reason="Its owner has a new password.", now=now)
                self.done["accounts given back"] += 1

    def _read_quarantine(self, now: int) -> None:
        for copy in queries.copies(now)[:400]:
            box = Mailbox.objects.filter(address=copy.box.lower()).select_related("holder").first()
            if box is None or box.holder is None or not letting.is_own(copy) or self._random.random() > _GOOD_AMONG_SPAM:
                continue
            letting.release_own(copy, {box.address}, actor=actor(box.holder, now), now=now)
            self.done["copies taken out of quarantine by their readers"] += 1

    def _later(self, hour: float) -> float:
        """When a manager has looked who is asked at this hour."""
        begin, end = _OFFICE
        start = max(hour, begin)
        due = start + self._random.lognormvariate(math.log(MEDIAN_MINUTES), _SPREAD) / 60
        return due if due < end else end

    def _in_duty(self, duty: Duty, now: int) -> Actor:
        grant = DutyGrant.objects.select_related("person").filter(duty=duty, ended__isnull=True).first()
        assert grant is not None, "everybody is there"
        return on_duty(grant.person, duty, now)
