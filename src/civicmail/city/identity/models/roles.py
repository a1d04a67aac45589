"""Role assignments, activations, and exceptions for roles that exclude each other (D1 to D4)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard.roles import Role


class RoleAssignments(models.QuerySet["RoleAssignment"]):
    def in_force(self, at: datetime) -> Self:
        """The assignments in force at this moment."""
        return self.filter(ended__isnull=True, starts__lte=at, until__gt=at)


class RoleAssignment(models.Model):
    """A person holds a role (roles.py), for a department where it is one of a department's, from a time until another (D1)."""

    objects = RoleAssignments.as_manager()

    person = models.ForeignKey(Person, models.PROTECT, related_name="roles")
    role: models.CharField[str, Role] = models.CharField(max_length=24, db_column="duty")
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="role_assignments")
    starts = models.DateTimeField()
    until = models.DateTimeField()
    by = models.CharField(max_length=120)
    reason = models.CharField(max_length=400)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "access_dutygrant"
        constraints: ClassVar = [models.CheckConstraint(condition=Q(until__gt=F("starts")), name="duty_ends")]

    def __str__(self) -> str:
        return f"{self.person}: {self.role}"


class ConflictRecord(models.Model):
    """An exception for one person with two roles that exclude each other, with its safeguard and its end (D3)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="conflicts")
    first = models.CharField(max_length=24)
    second = models.CharField(max_length=24)
    control = models.TextField(help_text="the compensating control")
    until = models.DateTimeField()
    by = models.CharField(max_length=120)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person}: {self.first} and {self.second}"


class RoleActivation(models.Model):
    """A privileged role is activated, with a reason, for at most four hours (D4)."""

    grant = models.ForeignKey(RoleAssignment, models.PROTECT, related_name="uses")
    reason = models.CharField(max_length=400)
    at = models.DateTimeField()
    until = models.DateTimeField()
    laid_down = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "access_dutyuse"

    def __str__(self) -> str:
        return f"{self.grant}, {self.at:%Y-%m-%d %H:%M}"
