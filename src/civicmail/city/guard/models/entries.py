"""The entries, which nothing that is done escapes, and where the ledger has them (A1, A3)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Entry(models.Model):
    """The actor, role, principal, object, reason, client, state before and after, and version of an act (A1). Written in the
    transaction of the act; never changed, never removed (A3). head: the canonical bytes that the ledger takes."""

    uuid = models.UUIDField(unique=True)
    at = models.BigIntegerField(help_text="ms since 1970")
    act = models.CharField(max_length=40, db_index=True)
    person = models.CharField(max_length=120, help_text="uid, or who acts without one: tick, feed, an OS user")
    duty = models.CharField(max_length=24, blank=True)
    behalf = models.CharField(max_length=120, blank=True)
    object = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    facts = models.JSONField(default=dict)
    client = models.CharField(max_length=45, blank=True)
    head = models.BinaryField()

    class Meta:
        app_label = "access"
        ordering: ClassVar = ["-id"]
        verbose_name_plural = "entries"
        indexes: ClassVar = [
            models.Index(fields=["object", "-id"], name="entries_of_an_object"),
            models.Index(fields=["person", "-id"], name="entries_by_a_person"),
            models.Index(fields=["behalf", "-id"], name="entries_for_a_person"),
            models.Index(fields=["act", "at"], name="entries_of_an_act"),
            models.Index(fields=["at"], name="entries_since"),
        ]

    def __str__(self) -> str:
        return f"{self.act} by {self.person}"


class Begun(models.Model):
    """The start of an act that changes files: written before, and deleted with its entry, or when it fails. plain: its future
    entry; if the process dies in between, an entry states that (A1)."""

    uuid = models.UUIDField(unique=True)
    at = models.BigIntegerField(help_text="ms since 1970")
    plain = models.JSONField()

    class Meta:
        app_label = "access"

    def __str__(self) -> str:
        return f"{self.plain['act']} by {self.plain['person']}"


class Carried(models.Model):
    """The place of an entry in the ledger's journal, written after that record is durable. An entry without one must still be
    carried; the order of ids is irrelevant, because transactions commit in any order."""

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True, related_name="carried")
    journal = models.CharField(max_length=40)
    number = models.BigIntegerField()
    at = models.BigIntegerField()

    class Meta:
        app_label = "access"

    def __str__(self) -> str:
        return f"{self.journal}:{self.number}"
