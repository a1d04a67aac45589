"""Requests for records: what was asked, by whom if they said so, who works on it, and the days on which nothing may happen."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from civicmail.city.directory.models import Person


class RequestYear(models.Model):
    """Counts the requests of a year: one row, locked by whoever adds a request, so that numbers have no gap."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class Request(models.Model):
    """A request for records. number: "PR-2026-00041"; receipt, link: keyed hashes of the receipt code and of the
    capability link, which only the requester has; intake: of states.INTAKES; capture: the message that it came in, or about which
    it is; oral: not in writing, so that it cannot be enforced by mandamus; self_request: about the requester;
    incarcerated: the requester's longer hold; text: in the requester's words; title: the desk's name for it; law, law_version: the
    pack under which it runs, empty until one was adopted; clock: its clock that gives the target; entered: who of the desk entered
    it, null for a request that came in by itself; state: of states.REQUEST; outcome: of states.OUTCOMES when it is done; due: the
    internal target, null while its clock stands still; reasons_demanded: the day on which written reasons for an oral denial were
    demanded; suit: when a suit was served, from which nothing of it changes."""

    number = models.CharField(max_length=20, unique=True)
    receipt = models.CharField(max_length=64, unique=True)
    link = models.CharField(max_length=64, unique=True)
    intake = models.CharField(max_length=10)
    capture = models.CharField(max_length=36, blank=True, db_index=True)
    oral = models.BooleanField(default=False)
    self_request = models.BooleanField(default=False)
    incarcerated = models.BooleanField(default=False)
    text = models.TextField()
    title = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=5, default="en")
    law = models.CharField(max_length=40, blank=True)
    law_version = models.CharField(max_length=40, blank=True)
    clock = models.CharField(max_length=40, default="respond")
    entered = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    custodian = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    received = models.DateTimeField(db_index=True)
    acknowledged = models.DateTimeField(null=True, blank=True)
    due = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=10, default="new", db_index=True)
    since = models.DateTimeField(help_text="in this state")
    outcome = models.CharField(max_length=10, blank=True)
    closed = models.DateTimeField(null=True, blank=True)
    reasons_demanded = models.DateField(null=True, blank=True)
    suit = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=400, blank=True, help_text="of the last change of state")

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state="done") | Q(outcome=""), name="request_outcome_when_done"),
        ]

    def __str__(self) -> str:
        return self.number


class Contact(models.Model):
    """How to reach a requester who wants that: apart from the request, and deleted on its own day. delivery: link, mail,
    media or counter."""

    request = models.OneToOneField(Request, models.CASCADE, related_name="contact")
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    postal = models.CharField(max_length=400, blank=True)
    delivery = models.CharField(max_length=10, default="link")
    until = models.DateField(help_text="deleted then")

    def __str__(self) -> str:
        return f"contact of {self.request}"


class Reply(models.Model):
    """What somebody wrote to the desk: later, about a request, or mail that fits none (the holding pen). way: page, mail, or
    queue for mail that a rule sent here (P-11); capture: of mail, whose text stays in the archive; text: of what was written on the
    status page; state: of states.REPLY; by, at: who answered it."""

    request = models.ForeignKey(Request, models.PROTECT, null=True, blank=True, related_name="replies")
    way = models.CharField(max_length=10)
    capture = models.CharField(max_length=36, blank=True)
    text = models.TextField(blank=True)
    received = models.DateTimeField()
    state = models.CharField(max_length=10, default="open", db_index=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["capture"], condition=~Q(capture=""), name="reply_once_a_message"),
        ]

    def __str__(self) -> str:
        return f"{self.request or 'mail'}: {self.way} {self.pk}"


class SelfRequestStep(models.Model):
    """The answer to one step of deciding on records about the requester, in the order of the law pack. step: its id."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="steps")
    step = models.CharField(max_length=40)
    answer = models.BooleanField()
    reason = models.TextField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["request", "step"], name="self_request_step_once")]

    def __str__(self) -> str:
        return f"{self.request}: {self.step}"


class HeardForRecords(models.Model):
    """The journal offset of the job that takes mail to the desk."""

    journal = models.CharField(max_length=40, unique=True)
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.journal}:{self.number}"


class Pause(models.Model):
    """Days for which a request waits for somebody else, by a reason of the law pack."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="pauses")
    reason = models.CharField(max_length=40, help_text="an id of the law pack")
    note = models.CharField(max_length=400, blank=True)
    began = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request"], condition=Q(ended__isnull=True), name="pause_one_at_a_time"),
            models.CheckConstraint(condition=Q(ended__isnull=True) | Q(ended__gte=F("began")), name="pause_ends_after_it_began"),
        ]

    def __str__(self) -> str:
        return f"{self.request}: {self.reason}"


class Assignment(models.Model):
    """Who works on a request, and so may read within its scope. role: reviewer, second or attorney."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="assignments")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    role = models.CharField(max_length=10, default="reviewer")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["request", "person"], condition=Q(until__isnull=True), name="assignment_once_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.request}"
