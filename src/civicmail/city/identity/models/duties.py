"""Who holds which duty, takes it up, and which two one person holds all the same (D1 to D4)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard.duties import Duty


class DutyGrants(models.QuerySet["DutyGrant"]):
    def in_force(self, at: datetime) -> Self:
        """Those that are duties at this moment."""
        return self.filter(ended__isnull=True, starts__lte=at, until__gt=at)


class DutyGrant(models.Model):
    """A person holds a duty (duties.py), for a department where it is one of a department's, from a time until another (D1)."""

    objects = DutyGrants.as_manager()

    person = models.ForeignKey(Person, models.PROTECT, related_name="duties")
    duty: models.CharField[str, Duty] = models.CharField(max_length=24)
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="duty_grants")
    starts = models.DateTimeField()
    until = models.DateTimeField()
    by = models.CharField(max_length=120)
    reason = models.CharField(max_length=400)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(until__gt=F("starts")), name="duty_ends")]

    def __str__(self) -> str:
        return f"{self.person}: {self.duty}"


class ConflictRecord(models.Model):
    """Two duties that exclude each other are held by one person all the same, with what watches over it and an end (D3)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="conflicts")
    first = models.CharField(max_length=24)
    second = models.CharField(max_length=24)
    control = models.TextField(help_text="the compensating control")
    until = models.DateTimeField()
    by = models.CharField(max_length=120)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person}: {self.first} and {self.second}"


class DutyUse(models.Model):
    """A privileged duty is taken up, with a reason, for at most four hours (D4)."""

    grant = models.ForeignKey(DutyGrant, models.PROTECT, related_name="uses")
    reason = models.CharField(max_length=400)
    at = models.DateTimeField()
    until = models.DateTimeField()
    laid_down = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.grant}, {self.at:%Y-%m-%d %H:%M}"
