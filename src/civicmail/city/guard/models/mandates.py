"""Examinations: who may examine whose mail, why, with which scope and end; amendments; protected mail (P-16, E2 to E5)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard.mandates import Ground


class MandateYear(models.Model):
    """Counts the examinations of a year: one row, locked by requesters, so that numbers have no gap."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "access"

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class Mandate(models.Model):
    """One examination (E2). person: the requester, and only examiner; role: of the examiner, or "department-head"; department: if
    all of one is the scope; departments: codes of the people examined, for a head; first, last: ms of receipt, both included;
    boxes, custodians: resolved on approval. days: its window. state: see mandate_states.py."""

    number = models.CharField(max_length=12, unique=True)
    ground: models.CharField[str, Ground] = models.CharField(max_length=12)
    person = models.ForeignKey(Person, models.PROTECT, related_name="mandates")
    role = models.CharField(max_length=24, db_column="duty")
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="mandates")
    departments = models.JSONField(default=list)
    reason = models.TextField()
    words = models.CharField(max_length=1000, blank=True)
    first = models.BigIntegerField(null=True, blank=True)
    last = models.BigIntegerField(null=True, blank=True)
    boxes = models.JSONField(default=list)
    custodians = models.JSONField(default=list)
    days = models.PositiveSmallIntegerField(default=14)
    protected = models.JSONField(default=list, help_text="classes that it touches")
    urgent = models.BooleanField(default=False)
    sealed = models.BooleanField(default=False, help_text="its looks are never shown to whom it is about")
    asked = models.DateTimeField()
    approver = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided = models.DateTimeField(null=True, blank=True)
    starts = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    ratify_by = models.DateTimeField(null=True, blank=True, help_text="of an urgent one")
    ratified = models.CharField(max_length=10, blank=True, help_text="of an urgent one: due, ratified, rejected, overdue")
    state = models.CharField(max_length=10, default="asked", db_index=True)
    since = models.DateTimeField(help_text="in this state")
    why = models.CharField(max_length=400, blank=True, help_text="of the last change of state")
    finding = models.TextField(blank=True, help_text="with which it was closed")

    class Meta:
        app_label = "access"
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(approver__isnull=True) | ~Q(approver=F("person")), name="mandate_has_two_people"),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(starts__isnull=False, until__gt=F("starts")), name="mandate_ends"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Subject(models.Model):
    """A person examined, from one time until another: narrowing removes a person and keeps the row."""

    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="subjects")
    person = models.ForeignKey(Person, models.PROTECT, related_name="subject_of")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "access"
        ordering: ClassVar = ["person__family", "person__given", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mandate", "person"], condition=Q(until__isnull=True), name="subject_once"),
        ]

    def __str__(self) -> str:
        return f"{self.mandate}: {self.person}"


class Amendment(models.Model):
    """A requested change of an examination's scope or window: the whole result, not the difference. Wider ones wait for a second
    person (E5). state: asked, approved, refused, withdrawn, lapsed."""

    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="amendments")
    people = models.JSONField(default=list, help_text="uids")
    words = models.CharField(max_length=1000, blank=True)
    first = models.BigIntegerField(null=True, blank=True)
    last = models.BigIntegerField(null=True, blank=True)
    days = models.PositiveSmallIntegerField()
    reason = models.TextField()
    wider = models.BooleanField()
    asked = models.DateTimeField()
    approver = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=400, blank=True)
    state = models.CharField(max_length=10, default="asked", db_index=True)

    class Meta:
        app_label = "access"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mandate"], condition=Q(state="asked"), name="one_open_amendment"),
        ]

    def __str__(self) -> str:
        return f"{self.mandate}, {self.asked:%Y-%m-%d}"


class Protection(models.Model):
    """A person or a department in a protected class, or an approver of examinations that concern it (E3)."""

    kind = models.CharField(max_length=20)
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="protections")
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="protections")
    approves = models.BooleanField(default=False)
    by = models.CharField(max_length=120)
    at = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "access"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, department__isnull=True)
                | Q(person__isnull=True, department__isnull=False, approves=False),
                name="protection_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.person or self.department}"
