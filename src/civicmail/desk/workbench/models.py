"""Exports of examinations: author, query, progress, and the day when the file is removed (P-21). Privileged mail: addresses of
correspondents, and what the city attorney cleared for an examination (E7)."""

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


class PrivilegedAddress(models.Model):
    """An address with which mail is privileged. address: normalized (privilege.py), `@firm.example` for everybody there; kind: of
    privilege.KINDS; note: who it is."""

    address = models.CharField(max_length=254, db_index=True)
    kind = models.CharField(max_length=10)
    note = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=40, help_text="uid of the person who added it")
    since = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        ordering: ClassVar = ["address"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["address"], condition=models.Q(ended__isnull=True), name="workbench_one_privileged_address"
            )
        ]

    def __str__(self) -> str:
        return self.address


class Clearance(models.Model):
    """One privileged message that an examiner asks the city attorney to clear. capture: its id, 32 digits; kinds: of
    privilege.KINDS; state: of privilege.TABLE; answer: why, in the attorney's words."""

    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="clearances")
    capture = models.CharField(max_length=32)
    kinds = models.JSONField(default=list)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", help_text="who asked")
    made = models.DateTimeField()
    reason = models.CharField(max_length=400)
    state = models.CharField(max_length=10, default="asked", db_index=True)
    attorney = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    answered = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["mandate", "capture"], name="workbench_one_clearance")]

    def __str__(self) -> str:
        return f"{self.mandate}: {self.pk}"
