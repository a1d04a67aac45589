"""Auto-replies of mailboxes, and forwarding to a function mailbox (L4, P-06)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from civicmail.city.directory.models import Mailbox


class AutoReply(models.Model):
    """An auto-reply of a mailbox for a period. kind: own, by its holder; left, by the department, because the holder left. text:
    for people of the city; outside: for others, who get no reply if it is empty."""

    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="replies")
    kind = models.CharField(max_length=4, default="own")
    text = models.TextField()
    outside = models.TextField(blank=True)
    starts = models.DateTimeField()
    until = models.DateTimeField()
    by = models.CharField(max_length=120)
    made = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-made"]
        verbose_name_plural = "auto-replies"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mailbox"], condition=Q(ended__isnull=True), name="one_reply_of_a_mailbox"),
            models.CheckConstraint(condition=Q(until__gt=F("starts")), name="reply_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox}, until {self.until:%Y-%m-%d}"


class Forwarding(models.Model):
    """Forwarding of a leaver's mail to a function mailbox of the same department until a time (L4)."""

    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="forwardings")
    to = models.ForeignKey(Mailbox, models.PROTECT, related_name="forwarded")
    until = models.DateTimeField()
    by = models.CharField(max_length=120)
    made = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-made"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mailbox"], condition=Q(ended__isnull=True), name="one_way_on_of_a_mailbox"),
            models.CheckConstraint(condition=~Q(mailbox=F("to")), name="goes_on_elsewhere"),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox} to {self.to}, until {self.until:%Y-%m-%d}"


class Answered(models.Model):
    """The last auto-reply of a mailbox to a sender: at most one a week (RFC 3834). sender: SHA-256 of mailbox and address, so that
    correspondents are not readable here; capture: the message that was answered."""

    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="answered")
    sender = models.CharField(max_length=64)
    capture = models.CharField(max_length=36)
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "answered"
        constraints: ClassVar = [models.UniqueConstraint(fields=["mailbox", "sender"], name="mailbox_answers_once")]

    def __str__(self) -> str:
        return f"{self.mailbox}, {self.at:%Y-%m-%d}"


class HeardForAnswers(models.Model):
    """The journal offset of the auto-reply job, written after the replies are durable."""

    journal = models.CharField(max_length=40, unique=True)
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.journal}:{self.number}"
