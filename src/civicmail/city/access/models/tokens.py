"""What people and their programs show instead of signing in."""

from __future__ import annotations

from django.db import models

from civicmail.city.directory.models import Person


class Token(models.Model):
    """What a person shows to the command line of a claimed installation, or with scopes (scopes.py) to the API; known by its keyed
    HMAC. name: what it is for; epoch: of the account when it was made: a later one has ended it (L2)."""

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
