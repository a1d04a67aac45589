"""Usage of mailboxes, sums of departments, and the journal offsets of these counts (M7, P-05, P-28)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from civicmail.city.directory.models import Department, Mailbox, Person


class Usage(models.Model):
    """How often a person sent from, received at and retrieved from a mailbox on a day; counts only (M7, P-05). received: mail of
    people and machines that was neither rejected nor held; notices: mail that this program wrote. Pages take figures from
    queries/usage.py, so that all agree."""

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
    """A sum for a department in a month: other rooms add to it and attestations read it (P-10, P-28). It names no person and no
    message. month: its first day; what: see tallies.WHAT."""

    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    month = models.DateField()
    what = models.CharField(max_length=24)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["department", "month", "what"], name="tally_once_a_month")]

    def __str__(self) -> str:
        return f"{self.department}, {self.month:%Y-%m}: {self.what}"


class Followed(models.Model):
    """The journal offset of counts and sign-ins: written in the transaction of the data read."""

    journal = models.CharField(max_length=40, unique=True)
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.journal}:{self.number}"
