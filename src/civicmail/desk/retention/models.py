"""Disposals: what a manifest lists, who proposed and who approved it, and what became of it (P-23)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from civicmail.city.directory.models import Person


class Disposal(models.Model):
    """One disposal. Its captures are in the manifest, a file of the archive; the database has sums alone.

    state: see disposal_states.py; kind, year, most: the part that was proposed; manifest: digest, empty while it is being
    written; total: captures of the archive then; kept: captures that stayed, by reason; figures: class to year to captures;
    answer: the approver's words; ready: end of the notice period; certificates: names; gone: captures that were disposed of;
    stayed: those of the manifest that were not, by reason; why: it was stopped or withdrawn."""

    state = models.CharField(max_length=10, default="listing", db_index=True)
    since = models.DateTimeField(help_text="in this state")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.CharField(max_length=400)
    kind = models.CharField(max_length=60, blank=True, db_column="class", help_text="retention class")
    year = models.PositiveSmallIntegerField(default=0)
    most = models.PositiveIntegerField(default=0)
    manifest = models.CharField(max_length=64, blank=True)
    total = models.BigIntegerField(default=0)
    captures = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    pieces = models.PositiveIntegerField(default=0)
    kept = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=400, blank=True)
    ready = models.DateTimeField(null=True, blank=True)
    gone = models.BigIntegerField(default=0)
    stayed = models.JSONField(default=dict)
    certificates = models.JSONField(default=list)
    why = models.CharField(max_length=600, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("by")), name="disposal_has_two_people"),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "disposing", "disposed"])
                | Q(decided_by__isnull=False, ready__isnull=False) & ~Q(manifest=""),
                name="disposal_only_after_approval",
            ),
            models.UniqueConstraint(fields=["manifest"], condition=~Q(manifest=""), name="disposal_manifest_once"),
        ]

    def __str__(self) -> str:
        return f"Disposal {self.pk}"
