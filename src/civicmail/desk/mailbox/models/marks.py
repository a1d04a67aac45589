"""Marks of one person on their mail: labels, read, starred, hidden; and who of an office handles a message (P-06).

The mail itself never changes (P-15). A sheet is one row for a week of receipt with the ids of all marked captures; one row for
each read message would be millions a month (docs/decisions/0045).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from civicmail.city.directory.models import Mailbox, Person
from civicmail.desk.mailbox.label_names import MAX_NAME


class Label(models.Model):
    """A label of one person. name: with "/" between levels; key: the same as it is compared (label_names.py)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    name = models.CharField(max_length=MAX_NAME)
    key = models.CharField(max_length=2 * MAX_NAME)
    made = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["key"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "key"], name="label_once")]

    def __str__(self) -> str:
        return self.name


class Sheet(models.Model):
    """Captures of one week on a shelf (names: see shelves.py). ids: 16 bytes each, in order."""

    shelf = models.CharField(max_length=40)
    week = models.IntegerField(help_text="of receipt, counted from 1970")
    ids = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shelf", "week"], name="one_sheet_a_week")]

    def __str__(self) -> str:
        return f"{self.shelf}, week {self.week}"


class Handled(models.Model):
    """A message to a function mailbox: who of the office opened it first, and who has taken it. Everybody who may use the mailbox
    sees that."""

    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="+")
    capture = models.UUIDField()
    opened_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    opened = models.DateTimeField()
    taken_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    taken = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["mailbox", "capture"], name="handled_once")]

    def __str__(self) -> str:
        return f"{self.capture} in {self.mailbox}"
