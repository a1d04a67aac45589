"""Decisions, redactions and suggestions. They belong to content, so that copies, quotes and later requests inherit them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from civicmail.city.directory.models import Person
from civicmail.desk.records.models.requests import Request


class Decision(models.Model):
    """What happens to a content in a request; the latest one counts, and earlier ones stay. verdict: of states.VERDICTS;
    code: id of the law pack for what is withheld or privileged; reason: for the log; facts: what the code needs before it can be
    saved; inherited: the earlier decision of another request that was taken over; confirmed_by: the second reader."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="decisions")
    content = models.CharField(max_length=64)
    verdict = models.CharField(max_length=16)
    code = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    facts = models.JSONField(default=dict)
    note = models.TextField(blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    replaced = models.DateTimeField(null=True, blank=True, help_text="by a later decision, or undone")
    inherited = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    second_asked = models.BooleanField(default=False)
    confirmed_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "content"], condition=Q(replaced__isnull=True), name="decision_one_counts"),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=models.F("by")), name="decision_has_two_people"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["content"], name="decision_by_content")]

    def __str__(self) -> str:
        return f"{self.request}: {self.verdict}"


class Redaction(models.Model):
    """Words or a box that do not leave. number: within the request, by which it can be contested; first, last: words of the
    reviewed document, both included, -1 for a box; x0 to y1: the box in points; code: empty while it has none, and then nothing
    is released; facts: what the code needs; override: why equal words elsewhere may leave."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="redactions")
    content = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    first = models.IntegerField(default=-1)
    last = models.IntegerField(default=-1)
    page = models.PositiveIntegerField(default=0)
    x0 = models.FloatField(null=True, blank=True)
    y0 = models.FloatField(null=True, blank=True)
    x1 = models.FloatField(null=True, blank=True)
    y1 = models.FloatField(null=True, blank=True)
    code = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    facts = models.JSONField(default=dict)
    override = models.TextField(blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    removed = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "number"], name="redaction_number_once"),
            models.CheckConstraint(
                condition=Q(first__gte=0, last__gte=models.F("first")) | Q(first=-1, x0__isnull=False, y0__isnull=False),
                name="redaction_has_words_or_box",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["request", "content"], name="redaction_by_content")]

    def __str__(self) -> str:
        return f"{self.request} box {self.number}"


class Suggestion(models.Model):
    """What a detector proposed, and what a person made of it: counts its precision, never applies itself. answer: of
    states.SUGGESTION."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="suggestions")
    content = models.CharField(max_length=64)
    detector = models.CharField(max_length=40)
    first = models.IntegerField()
    last = models.IntegerField()
    code = models.CharField(max_length=40, blank=True)
    answer = models.CharField(max_length=10, default="open", db_index=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "content", "detector", "first", "last"], name="suggestion_once"),
        ]

    def __str__(self) -> str:
        return f"{self.request}: {self.detector}"


class PersonalFlag(models.Model):
    """What a person says of a message in their own mailbox: it is purely personal. It decides nothing: a reviewer does, and a
    second person (Schill v. Wisconsin Rapids School District, 2010 WI 86). capture: the message."""

    capture = models.CharField(max_length=36, db_index=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    why = models.CharField(max_length=400)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["capture", "by"], name="personal_flag_once")]

    def __str__(self) -> str:
        return f"{self.by}: {self.capture}"
