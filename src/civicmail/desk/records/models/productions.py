"""Productions: what leaves, checked by the gate and approved by a second person; and what is contested."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from civicmail.city.directory.models import Person
from civicmail.desk.records.models.requests import Request


class Production(models.Model):
    """One release of a request, perhaps one of several. Its files are in <data>/productions/<id>. state: of
    states.PRODUCTION; done, total: documents; checked: files that the gate has looked at; first, last: Bates
    pages; is_last: nothing of the request is left in review; plan: digest of the decisions that it was made from; manifest: SHA-256
    of its files, to which the approval is bound; approval: entry of that; problems: sentences of the gate."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="productions")
    number = models.PositiveSmallIntegerField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    state = models.CharField(max_length=10, default="waiting", db_index=True)
    since = models.DateTimeField(help_text="in this state")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    is_last = models.BooleanField(default=True)
    plan = models.CharField(max_length=64, blank=True)
    first = models.PositiveIntegerField(default=0)
    last = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    formats = models.JSONField(default=list, help_text="asked for beside PDF: eml, dat, xml")
    balance = models.JSONField(default=dict)
    manifest = models.CharField(max_length=64, blank=True)
    approved_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    approved = models.DateTimeField(null=True, blank=True)
    approval = models.CharField(max_length=60, blank=True)
    approved_manifest = models.CharField(max_length=64, blank=True)
    released = models.DateTimeField(null=True, blank=True)
    problems = models.JSONField(default=list)
    why = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "number"], name="production_number_once"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("by")), name="production_has_two_people"
            ),
            models.CheckConstraint(
                condition=~Q(state="released") | Q(approved_manifest=F("manifest"), approved_by__isnull=False),
                name="production_released_as_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request} production {self.number}"


class ProducedFile(models.Model):
    """One file of a production with the certificate of the gate. item: number within the request, 0 for index, log and letter;
    sha256: of the released bytes only; first, last: Bates pages."""

    production = models.ForeignKey(Production, models.CASCADE, related_name="files")
    item = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    first = models.PositiveIntegerField(default=0)
    last = models.PositiveIntegerField(default=0)
    checks = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["production", "name"], name="produced_name_once")]

    def __str__(self) -> str:
        return self.name


class Contest(models.Model):
    """A requester's objection to one redaction or withheld item, which a second reviewer answers. redaction: its number, or item:
    the withheld one; state: of states.CONTEST."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="contests")
    redaction = models.PositiveIntegerField(default=0)
    item = models.PositiveIntegerField(default=0)
    text = models.TextField(blank=True)
    made = models.DateTimeField()
    state = models.CharField(max_length=10, default="open", db_index=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    answered = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.request}: contest {self.pk}"
