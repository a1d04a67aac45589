"""Who may use which mailbox, with the four reasons in writing (P-04), and permissions for personal use (P-10)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from civicmail.city.directory.models import Department, Episode, Mailbox, Person
from civicmail.city.snapshot.snapshot import Role


class Profile(models.Model):
    """The four reasons of P-04, written once for everybody in a position; a new text is a new version."""

    department = models.ForeignKey(Department, models.PROTECT, related_name="profiles")
    position = models.CharField(max_length=120)
    version = models.PositiveIntegerField(default=1)
    duties = models.TextField()
    performance = models.TextField()
    efficiency = models.TextField()
    service = models.TextField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["department", "position", "version"], name="profile_version_once")]

    def __str__(self) -> str:
        return f"{self.position}, version {self.version}"


class Authorization(models.Model):
    """The right of one person to one mailbox, with the four reasons in writing (P-04, M2). state: see states.py."""

    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="authorizations")
    person = models.ForeignKey(Person, models.PROTECT, related_name="authorizations")
    episode = models.ForeignKey(Episode, models.PROTECT, related_name="authorizations")
    department = models.ForeignKey(Department, models.PROTECT, related_name="authorizations", help_text="owner when it was asked")
    role: models.CharField[str, Role] = models.CharField(max_length=10, default="holder")  # holder, delegate, successor
    profile = models.ForeignKey(Profile, models.PROTECT, null=True, blank=True, related_name="authorizations")
    duties = models.TextField()
    performance = models.TextField()
    efficiency = models.TextField()
    service = models.TextField()
    requester = models.ForeignKey(Person, models.PROTECT, related_name="+")
    asked = models.DateTimeField()
    approver = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided = models.DateTimeField(null=True, blank=True)
    starts = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField()
    state = models.CharField(max_length=10, default="asked", db_index=True)
    since = models.DateTimeField(help_text="in this state")
    why = models.CharField(max_length=400, blank=True, help_text="of the last change of state")
    cost = models.PositiveIntegerField(default=0, help_text="cents a year")

    class Meta:
        db_table = "access_authorisation"
        ordering: ClassVar = ["-asked"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["mailbox", "person", "department"],  # of a mover the old one's and the new one's for a while (M6)
                condition=Q(state__in=["asked", "approved", "active", "suspended"]),
                name="one_living_authorisation",
            ),
            models.CheckConstraint(
                condition=Q(approver__isnull=True) | (~Q(approver=F("person")) & ~Q(approver=F("requester"))),
                name="approver_is_somebody_else",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.mailbox}"


class PersonalUse(models.Model):
    """Incidental personal use that a department permits, to whom, until when (P-10); none without a row."""

    department = models.ForeignKey(Department, models.PROTECT, related_name="personal_use")
    position = models.CharField(max_length=120, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="personal_use")
    limits = models.TextField(help_text="in words")
    starts = models.DateField()
    until = models.DateField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    ended = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.department}: {self.person or self.position or 'all'}"
