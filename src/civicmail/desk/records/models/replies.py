"""What the desk sends: letters, lawful fees, and notices to the people whom records are about."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from civicmail.city.directory.models import Person
from civicmail.desk.records.models.requests import Request


class Letter(models.Model):
    """A letter to the requester, made by the law pack's template. kind: of the pack; text: as sent; state: of
    states.LETTER; by: who wrote it last; why: it was returned."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="letters")
    kind = models.CharField(max_length=40)
    language = models.CharField(max_length=5, default="en")
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    state = models.CharField(max_length=10, default="draft", db_index=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    approved_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    sent = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("by")), name="letter_has_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.request}: {self.kind}"


class FeeLine(models.Model):
    """Time or material of a lawful task. task: id of the law pack, the only ones that exist; amount: in the pack's unit; rate: of a
    unit, or the actual cost; note: what it was for, and what the law wants written down."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="fees")
    task = models.CharField(max_length=40)
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    rate = models.DecimalField(max_digits=10, decimal_places=4)
    is_estimate = models.BooleanField(default=True)
    note = models.CharField(max_length=400, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.request}: {self.task}"


class FeeEvent(models.Model):
    """A reduction of the charges, or a payment. kind: of states.FEE_EVENTS; amount: to which they are reduced, 0 where they are
    waived, or what was paid; reason: why, or how it was paid. The last reduction counts."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="fee_events")
    kind = models.CharField(max_length=10)
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    reason = models.CharField(max_length=400)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.request}: {self.kind} {self.amount}"


class SubjectNotice(models.Model):
    """The notice to a person whom records are about, before these may be released. notice: class of the law pack; record: the
    records in words, as the notice names them; contents: what it is about, empty for all that is released; state: of
    states.NOTICE; decided: the decision to release; serve_by: the last day to serve it; sent, service, proof: when and how it was
    served; letter: as served; locked_until: last day of the lock, as the letter names it; why: the court case, or why it ended."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="notices")
    notice = models.CharField(max_length=40)
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=200)
    record = models.TextField()
    contents = models.JSONField(default=list)
    state = models.CharField(max_length=10, default="due", db_index=True)
    decided = models.DateField()
    serve_by = models.DateField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    sent = models.DateField(null=True, blank=True)
    service = models.CharField(max_length=40, blank=True)
    proof = models.CharField(max_length=200, blank=True)
    letter = models.TextField(blank=True)
    locked_until = models.DateField(null=True, blank=True)
    why = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.request}: notice {self.pk}"
