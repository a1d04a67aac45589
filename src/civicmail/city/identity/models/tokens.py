"""Secrets that people and their programs present instead of signing in."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from civicmail.city.directory.models import Mailbox, Person


class Device(models.Model):
    """A device password: stored as its keyed HMAC only, shown once. For a person, or for a service mailbox (a machine, S1)."""

    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="devices")
    machine = models.ForeignKey(Mailbox, models.PROTECT, null=True, blank=True, related_name="devices")
    key = models.CharField(max_length=12, unique=True, help_text="its public id, in envelopes and entries")
    name = models.CharField(max_length=80)
    mac = models.CharField(max_length=64)
    made = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    used = models.DateTimeField(null=True, blank=True)
    used_from = models.CharField(max_length=45, blank=True)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, machine__isnull=True) | Q(person__isnull=True, machine__isnull=False),
                name="device_of_one",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Token(models.Model):
    """A token for the command line of a claimed installation, or with scopes (token_scopes.py) for the API; stored as its keyed
    HMAC. name: its purpose; epoch: of the account when it was made; a later epoch ends it (L2)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80, blank=True)
    scopes = models.JSONField(default=list, help_text="empty: for the command line")
    epoch = models.PositiveIntegerField(null=True, blank=True)
    mac = models.CharField(max_length=64, unique=True)
    made = models.DateTimeField()
    until = models.DateTimeField()
    used = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.person}, until {self.until:%Y-%m-%d}"
