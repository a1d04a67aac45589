"""Rows of half-yearly department statements, and of the daily mail to managers (P-28)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from civicmail.city.directory.models import Department, Person


class Statement(models.Model):
    """A department's statement about half a year. half: 2026-1; due: the last day to sign; numbers: as they were when it was
    signed, see queries/statement_sections.py, empty until then; state: see statement_states.py; remarks: the exceptions, or
    empty; overdue: when the administration director was notified."""

    department = models.ForeignKey(Department, models.PROTECT, related_name="statements")
    half = models.CharField(max_length=6)
    made = models.DateTimeField()
    due = models.DateField()
    state = models.CharField(max_length=12, default="open", db_index=True)
    numbers = models.JSONField(default=list)
    remarks = models.TextField(blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    signed = models.DateTimeField(null=True, blank=True)
    overdue = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-half", "department__name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["department", "half"], name="statement_once"),
            models.CheckConstraint(
                condition=Q(state="open", person__isnull=True, signed__isnull=True)
                | (~Q(state="open") & Q(person__isnull=False, signed__isnull=False)),
                name="statement_has_signer",
            ),
            models.CheckConstraint(condition=~Q(state="exceptions", remarks=""), name="exceptions_in_words"),
        ]

    def __str__(self) -> str:
        return f"{self.department}, {self.half}"


class DailyMail(models.Model):
    """The daily mail of a person was considered on this day. tasks: how many it had; 0: none were pending, and no mail was
    written."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    day = models.DateField(db_index=True)
    tasks = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "day"], name="one_mail_a_day")]

    def __str__(self) -> str:
        return f"{self.person}, {self.day}"
