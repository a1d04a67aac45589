"""Exports of examinations: author, query, progress, and the day when the file is removed (P-21)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from civicmail.city.directory.models import Person
from civicmail.city.guard.models import Mandate


class Export(models.Model):
    """One export. Its file is in <data>/exports/<id>; mail is never in the database. query: as ordered; state: see states.py;
    found, done, failed: messages; manifest: the SHA-256 of the manifest; until: the file is removed then."""

    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="exports")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    query = models.TextField(blank=True)
    asked = models.DateTimeField()
    entry = models.CharField(max_length=60, help_text="where its entry stands")
    state = models.CharField(max_length=10, default="waiting", db_index=True)
    since = models.DateTimeField(help_text="in this state")
    found = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0, help_text="bytes of the file")
    manifest = models.CharField(max_length=64, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=400, blank=True, help_text="of its end")

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.mandate}: {self.pk}"
