"""What doors were told, and what they do not know yet."""

from __future__ import annotations

from django.db import models


class Untold(models.Model):
    """A change of who may what that no snapshot has yet: written in the transaction of the change, taken away by whoever has told
    the doors. people, mailboxes: ids of rows that it is about; whole: everybody has to be looked at again; waits: left to the
    city worker, which tells whatever stays, so that nothing depends on the process that made the change (L2)."""

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
    """Counts what doors were told: one row, raised by whoever tells them, one at a time (published.telling)."""

    version = models.PositiveBigIntegerField(default=0)
    at = models.BigIntegerField(default=0)

    class Meta:
        app_label = "access"

    def __str__(self) -> str:
        return str(self.version)
