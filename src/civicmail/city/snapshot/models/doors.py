"""Publication of access changes to entry points, and changes not published yet."""

from __future__ import annotations

from django.db import models


class Untold(models.Model):
    """A change of access that no snapshot contains yet: written in the transaction of the change, deleted by its publication.
    people, mailboxes: ids of rows concerned; whole: everyone is concerned; waits: left to the city worker, which publishes whatever
    remains, so that nothing depends on the process that made the change (L2)."""

    at = models.BigIntegerField(help_text="ms since 1970")
    people = models.JSONField(default=list)
    mailboxes = models.JSONField(default=list)
    whole = models.BooleanField(default=False)
    waits = models.BooleanField(default=False)

    class Meta:
        app_label = "access"

    def __str__(self) -> str:
        return "everybody" if self.whole else f"{len(self.people)} people, {len(self.mailboxes)} mailboxes"


class Publication(models.Model):
    """Counts publications: one row, incremented by publishers, one at a time (published_snapshot.publication_lock)."""

    version = models.PositiveBigIntegerField(default=0)
    at = models.BigIntegerField(default=0)

    class Meta:
        app_label = "access"

    def __str__(self) -> str:
        return str(self.version)
