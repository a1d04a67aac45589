"""Rows of incidents: what was reported and by whom, the answer, and the removed copies."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from civicmail.city.directory.models import Person


class Case(models.Model):
    """An incident: one message and those like it, for all reporters. capture: number of the message (UUID); of the report itself
    if we do not have the message (known is no). text: digest of its text, one open case for each; sender: its claimed sender;
    proposed: why a check opened it, in words; outside: number of reports by unknown people; state: of states.CASES; why: the
    reason sent to every reporter."""

    capture = models.CharField(max_length=36, db_index=True)
    known = models.BooleanField(default=True)
    text = models.CharField(max_length=64)
    sender = models.CharField(max_length=254, blank=True)
    proposed = models.CharField(max_length=200, blank=True)
    outside = models.PositiveIntegerField(default=0)
    made = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=10, default="open", db_index=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    answered = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["text"], condition=models.Q(state="open"), name="case_open_once"),
            models.CheckConstraint(condition=models.Q(state="open") | models.Q(person__isnull=False), name="case_has_answerer"),
        ]

    def __str__(self) -> str:
        return f"case {self.pk}"


class Mark(models.Model):
    """A mark by which similar messages are recognized. kind: content, band or link (mail/pipeline/fingerprints.py)."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="marks")
    kind = models.CharField(max_length=8)
    value = models.CharField(max_length=400)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "kind", "value"], name="mark_once")]
        indexes: ClassVar = [models.Index(fields=["kind", "value"], name="mark_by_value")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class Report(models.Model):
    """A report by a city person. capture: the copy that they received; how: page, mail or link."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="reports")
    capture = models.CharField(max_length=36)
    reporter = models.ForeignKey(Person, models.PROTECT, related_name="+")
    how = models.CharField(max_length=8)
    made = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "reporter"], name="report_once")]

    def __str__(self) -> str:
        return f"report {self.pk}"


class Pull(models.Model):
    """A message removal. query: the narrowing words, as typed; total: copies when it was requested; state: of states.PULLS;
    second: who agreed or denied; undone_by, undone_why: who restored the copies."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="pulls")
    query = models.CharField(max_length=400, blank=True)
    total = models.PositiveIntegerField()
    state = models.CharField(max_length=10, db_index=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    why = models.CharField(max_length=400)
    made = models.DateTimeField()
    second = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=400, blank=True)
    finished = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    undone_why = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(second__isnull=True) | ~models.Q(second=models.F("by")), name="pull_has_two_people"
            ),
            models.CheckConstraint(
                condition=models.Q(total__lte=50) | models.Q(state="asked") | models.Q(second__isnull=False),
                name="pull_above_fifty_has_second",
            ),
        ]

    def __str__(self) -> str:
        return f"pull {self.pk}"


class Pulled(models.Model):
    """One copy of a removal. state: of states.COPIES; tried: the last time its mailbox was unavailable; problem: why."""

    pull = models.ForeignKey(Pull, models.CASCADE, related_name="copies")
    capture = models.CharField(max_length=36)
    index = models.PositiveIntegerField()
    mailbox = models.CharField(max_length=254)
    state = models.CharField(max_length=10, default="waits", db_index=True)
    tried = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["mailbox", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["pull", "capture", "index"], name="pulled_once")]

    def __str__(self) -> str:
        return f"{self.mailbox}: {self.state}"


class Opening(models.Model):
    """A link to a known dangerous destination was opened. capture, index: the copy with the link; made: the first time; told: the
    reader confirmed it."""

    capture = models.CharField(max_length=36, db_index=True)
    index = models.PositiveIntegerField()
    mailbox = models.CharField(max_length=254)
    host = models.CharField(max_length=253, db_index=True)
    made = models.DateTimeField()
    told = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["capture", "index", "host"], name="opening_once")]

    def __str__(self) -> str:
        return f"opening {self.pk}"


class Heard(models.Model):
    """Up to which record a journal was read for reports by mail."""

    journal = models.CharField(max_length=80, unique=True)
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.journal}: {self.number}"
