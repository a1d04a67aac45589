"""Bars after violations: a suspension, a restriction, a permanent bar, and the mark that re-entry is decided one level higher
(P-09, P-30; C4, V3). A bar belongs to a person, and so applies across agencies, names and addresses; no row is deleted."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from civicmail.city.directory.models import Agency, Person
from civicmail.city.identity.bars import KINDS, Kind
from civicmail.city.identity.models.policytexts import PolicyText


class Bar(models.Model):
    """kind: see bars.KINDS. until: of a suspension or restriction; None: until ended by a person. first, second: the officers of a
    permanent one; two people other than one of them end it: asker, then ender, under a law. origin: "violation:12"."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="bars")
    kind: models.CharField[str, Kind] = models.CharField(max_length=12)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    origin = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=400)
    first = models.ForeignKey(Person, models.PROTECT, related_name="+")
    second = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    asker = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    asked = models.DateTimeField(null=True, blank=True)
    law = models.CharField(max_length=300, blank=True, help_text="by which it shall end before its time")
    ender = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    ended = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["person", "ended"], name="bars_of_a_person")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(kind="permanent") | (Q(second__isnull=False) & ~Q(second=F("first"))), name="permanent_takes_two"
            ),
            models.CheckConstraint(
                condition=~Q(kind="permanent")
                | Q(ended__isnull=True)
                | (Q(asker__isnull=False) & Q(ender__isnull=False) & ~Q(asker=F("ender")) & ~Q(law="")),
                name="permanent_ends_by_two",
            ),
            models.UniqueConstraint(fields=["person"], condition=Q(kind="permanent", ended__isnull=True), name="one_permanent_bar"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.kind}"

    @property
    def title(self) -> str:
        """The title on pages."""
        return f"{KINDS[self.kind].name}."


class Undertaking(models.Model):
    """A compliance agreement: an agency accepts a version of the policy (P-09). how: paper, with the reference of the signed
    document; contact, by a person of the agency; before, if people of the agency worked here when agreements were introduced."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="undertakings")
    text = models.ForeignKey(PolicyText, models.PROTECT, related_name="undertakings")
    how = models.CharField(max_length=8)
    reference = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["agency", "text"], name="undertaking_once")]

    def __str__(self) -> str:
        return f"{self.agency}: {self.text}"
