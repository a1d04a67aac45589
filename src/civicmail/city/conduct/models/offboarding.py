"""Rows of offboarding: leavers, external systems with their accounts, and closed accounts (P-08)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from civicmail.city.directory.models import Department, Episode, Mailbox, Person
from civicmail.city.identity.models import Ending


class Leaver(models.Model):
    """A person whose access ended and whose mailbox remains: the department confirms it and decides about the mail (L4, L6). told:
    when its managers were notified; choice: see queries/leavers.py, empty until answered; overdue: since when the missing answer is
    a finding."""

    ending = models.OneToOneField(Ending, models.PROTECT, related_name="leaver")
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="leavers")
    department = models.ForeignKey(Department, models.PROTECT, related_name="leavers")
    told = models.DateTimeField(db_index=True)
    choice = models.CharField(max_length=10, blank=True, db_index=True)
    answered = models.DateTimeField(null=True, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+", help_text="who answered")
    overdue = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-told", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(choice="", answered__isnull=True) | (~Q(choice="") & Q(answered__isnull=False)), name="leaver_answered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ending}"


class OutsideDoor(models.Model):
    """An external system with accounts of city people: Microsoft 365, a VPN, a badge. hook: name of a webhook in the settings
    that is called when access ends; without it the person ends accounts by hand. days: until an ending must be confirmed."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    hook = models.CharField(max_length=40, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", help_text="ends it by hand, and answers for it")
    days = models.PositiveSmallIntegerField(default=1)
    made = models.DateTimeField()
    closed = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class OutsideAccount(models.Model):
    """An account in an external system, during one employment. login: the name there; ended: when its end was confirmed."""

    door = models.ForeignKey(OutsideDoor, models.PROTECT, related_name="accounts")
    person = models.ForeignKey(Person, models.PROTECT, related_name="outside_accounts")
    episode = models.ForeignKey(Episode, models.PROTECT, related_name="+")
    login = models.CharField(max_length=160)
    since = models.DateTimeField()
    by = models.CharField(max_length=120)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["door__name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["door", "episode"], condition=Q(ended__isnull=True), name="outside_account_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.door}"


class OutsideEnding(models.Model):
    """An external account that has to end, until that is confirmed. state: see external_account_states.py; key: the webhook id,
    the same at each try; how: hook or person; overdue: since when it is a finding."""

    account = models.ForeignKey(OutsideAccount, models.PROTECT, related_name="endings")
    ending = models.ForeignKey(Ending, models.PROTECT, related_name="outside")
    key = models.UUIDField(unique=True)
    state = models.CharField(max_length=8, default="open", db_index=True)
    made = models.DateTimeField()
    due = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    next = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=200, blank=True)
    done = models.DateTimeField(null=True, blank=True)
    how = models.CharField(max_length=8, blank=True)
    by = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    overdue = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["due", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "ending"], name="outside_ending_once")]

    def __str__(self) -> str:
        return f"{self.account}, {self.state}"


class Closure(models.Model):
    """The closure of a mailbox's live copy, with its count: the certificate. state: see closure_states.py; live: messages in the
    live copy; brought: those the archive lacked; listed: SHA-256 of the sorted SHA-256s of all of them; holds: legal holds in
    the archive, which is not touched; problem: why it stopped; cost: cents a year that end."""

    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="closures")
    department = models.ForeignKey(Department, models.PROTECT, related_name="closures")
    state = models.CharField(max_length=8, default="counting", db_index=True)
    since = models.DateTimeField(help_text="in this state")
    asked = models.DateTimeField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=400)
    ordered = models.DateTimeField(null=True, blank=True)
    orderer = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    live = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0, help_text="bytes")
    brought = models.PositiveIntegerField(default=0)
    listed = models.CharField(max_length=64, blank=True)
    holds = models.PositiveIntegerField(default=0)
    cost = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    closed = models.DateTimeField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="of the certificate")

    class Meta:
        ordering: ClassVar = ["-asked"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["mailbox"], condition=~Q(state__in=["closed", "dropped"]), name="one_closure_under_way"
            ),
            models.CheckConstraint(condition=~Q(state="closed") | Q(closed__isnull=False, sha256__gt=""), name="closed_with_proof"),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox}, {self.state}"
