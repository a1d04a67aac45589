"""What is done with mail for a mailbox besides delivering it: an answer by itself, a way on to a function mailbox (L4, P-06)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from civicmail.city.directory.models import Mailbox


class AutoReply(models.Model):
    """A mailbox answers by itself from one time until another. kind: own, by whoever holds it; left, by the department, because
    its holder left. text: for people of the city; outside: for everybody else, who get no answer where it is empty."""

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
    """What comes for a mailbox whose holder left goes to a function mailbox of the same department until a time (L4)."""

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
    """When a mailbox last answered a sender by itself: at most once a week (RFC 3834). sender: SHA-256 of mailbox and address, so
    that nobody's correspondents stand here; capture: the message that was answered."""

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
    """How far a journal was read for mail that wants an answer: written after what was answered is durable."""

    journal = models.CharField(max_length=40, unique=True)
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.journal}:{self.number}"
