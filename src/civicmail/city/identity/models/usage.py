"""How often mailboxes are used, sums of departments, and how far journals were read for that (M7, P-05, P-28)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from civicmail.city.directory.models import Department, Mailbox, Person


class Usage(models.Model):
    """How often a person sent from, received at and fetched from a mailbox on a day; only counts (M7, P-05). received: what people
    and machines sent, and what was neither refused nor kept back; notices: what this program itself wrote. Pages have their
    figures by queries/usage.py, so that all say the same."""

    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="usage")
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="usage")
    day = models.DateField()
    sent = models.PositiveIntegerField(default=0)
    received = models.PositiveIntegerField(default=0)
    retrieved = models.PositiveIntegerField(default=0)
    notices = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["mailbox", "person", "day"], name="usage_once_a_day")]

    def __str__(self) -> str:
        return f"{self.mailbox}, {self.day}"


class Tally(models.Model):
    """How much of something there was in a department in a month: sums that other rooms add to and statements read (P-10, P-28). Of
    whom, and which message, is written nowhere. month: its first day; what: see tallies.WHAT."""

    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    month = models.DateField()
    what = models.CharField(max_length=24)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["department", "month", "what"], name="tally_once_a_month")]

    def __str__(self) -> str:
        return f"{self.department}, {self.month:%Y-%m}: {self.what}"


class Followed(models.Model):
    """How far a journal was read for counts and sign-ins: written in the transaction of what was read."""

    journal = models.CharField(max_length=40, unique=True)
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.journal}:{self.number}"
