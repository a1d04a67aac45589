"""Simulated office workers: they approve, release and answer after a realistic delay.

Managers decide about files, readers release good mail from quarantine, a security officer locks and releases a stolen account.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import batched, chain
from random import Random

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.roles import Role
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.identity.worker_jobs import retried_next_round
from civicmail.desk.holding import approvers, queries
from civicmail.desk.holding.actions import approval_decisions, containment, release_copies
from civicmail.desk.holding.models import Approval, Containment
from civicmail.front.sample.staff_context import actor, in_role
from civicmail.front.sample.work_done import WorkDone

MEDIAN_MINUTES = 12
"""After so long a manager has looked, half of the times; P-22 works where that is below thirty."""
_SPREAD = 0.7
_OFFICE = (8.0, 17.5)
_LOCK_HOURS, _RELEASE_HOURS = 0.3, 2.0
_GOOD_AMONG_SPAM = 0.02
_APPROVED = 0.95
_BATCH_SIZE = 100
"""Messages whose questions are looked at together."""

Moment = Callable[[], tuple[float, int]]
"""The hour of the day, and the time in ms."""


class OfficeWorkers:
    """worked: what was done so far. A look reads the numbers of what waits; more of it only when it is new or due.
    is_over: asked before each answer, because a look at much of it takes long; hour: ms that an hour of the day takes; at_once: how
    many managers answer at the same moment, each in a thread."""

    def __init__(
        self, seed: int, moment: Moment, is_over: Callable[[], bool] = lambda: False, *, hour: float = 3_600_000, at_once: int = 1
    ) -> None:
        self._moment, self._is_over, self._hour = moment, is_over, hour
        self._managers = ThreadPoolExecutor(at_once, thread_name_prefix="manager") if at_once > 1 else None
        self.worked = WorkDone(Counter(), [], Counter())
        self._random = Random(seed)  # noqa: S311 - the same people for the same seed
        self._due: dict[int, float] = {}
        self._began: dict[int, float] = {}
        self._says: dict[int, str] = {}
        self._since: dict[int, float] = {}
        self._looked = -1

    def work(self) -> None:
        """Do what people would do at this moment of the day."""
        hour, now = self._moment()
        with retried_next_round():
            self._approve(hour, now)
        with retried_next_round():
            self._secure(hour, now)
        if int(hour) > self._looked and not self._is_over():
            self._looked = int(hour)
            with retried_next_round():
                self._read_quarantine(now)

    def _approve(self, hour: float, now: int) -> None:
        waiting = list(Approval.objects.filter(copies__state="waits").order_by("pk").values_list("pk", flat=True).distinct())
        rows = Approval.objects.select_related("person", "department__head")
        for batch in batched((pk for pk in waiting if pk not in self._due), _BATCH_SIZE):
            for row in rows.filter(pk__in=batch):
                self.worked.asked.update(p.uid for p in approvers.current_approvers(row, now)[:1])
                self._began[row.pk], self._due[row.pk] = hour - (now - epoch_ms(row.made)) / self._hour, self._later(hour)
                self._says[row.pk] = "approve" if self._random.random() < _APPROVED else "refuse"
        answers = map if self._managers is None else self._managers.map
        for batch in batched((pk for pk in waiting if self._due.get(pk, math.inf) <= hour), _BATCH_SIZE):
            for what, minutes in chain.from_iterable(answers(self._answer, list(rows.filter(pk__in=batch)))):
                self.worked.waits.append(minutes)
                self.worked.done["files approved" if what == "approve" else "files not approved"] += 1

    def _answer(self, row: Approval) -> list[tuple[str, float]]:
        """Answer an approval. Returns the answer and the delay in minutes of the day, or nothing."""
        answered: list[tuple[str, float]] = []
        with retried_next_round():
            _, now = self._moment()
            if self._is_over() or not (people := approvers.current_approvers(row, now)):
                return []
            what, indices = self._says[row.pk], list(row.copies.filter(state="waits").values_list("index", flat=True))
            approval_decisions.decide(row, indices, what, actor=actor(people[0], now), reason="It goes to whom it is for.", now=now)
            answered.append((what, (self._moment()[0] - self._began[row.pk]) * 60))
        return answered

    def _secure(self, hour: float, now: int) -> None:
        for row in Containment.objects.filter(state__in=("held", "locked")).order_by("pk"):
            since = hour - self._since.setdefault(row.pk, hour)
            if row.state == "held" and since >= _LOCK_HOURS and row.person is not None:
                containment.lock(row, actor=self._in_role("security-officer", now), reason="It writes to strangers.", now=now)
                self.worked.done["accounts locked"] += 1
            elif since >= _RELEASE_HOURS:
                honest = [c for g in containment.groups_of(row, now) if not g.alike for c in g.captures]
                officer = self._in_role("security-officer", now)
                containment.release(row, honest, allowed=0, actor=officer, reason="Its owner has a new password.", now=now)
                self.worked.done["accounts given back"] += 1

    def _read_quarantine(self, now: int) -> None:
        for copy in queries.copies(now)[:400]:
            if self._random.random() > _GOOD_AMONG_SPAM or not release_copies.recipient_decides(copy):
                continue
            box = Mailbox.objects.filter(address=copy.box.lower()).select_related("holder").first()
            if box is None or box.holder is None:
                continue
            release_copies.release_own(copy, actor=actor(box.holder, now), now=now)
            self.worked.done["copies taken out of quarantine by their readers"] += 1

    def _later(self, hour: float) -> float:
        """The hour at which a manager looks at a new request."""
        begin, end = _OFFICE
        start = max(hour, begin)
        due = start + self._random.lognormvariate(math.log(MEDIAN_MINUTES), _SPREAD) / 60
        return due if due < end else end

    def _in_role(self, role: Role, now: int) -> Actor:
        grant = RoleAssignment.objects.select_related("person").filter(role=role, ended__isnull=True).first()
        assert grant is not None, "everybody is there"
        return in_role(grant.person, role, now)
