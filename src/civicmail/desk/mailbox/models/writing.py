"""Drafts with their files, signatures, and messages that wait to be sent (P-06)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from civicmail.city.directory.models import Person


class Draft(models.Model):
    """A draft, private to its person. uid: made with the empty page, so that a page that is submitted twice is one draft; mailbox:
    the sending address; to, cc, bcc: as typed; quote: of the message that it answers or forwards, below the text; source: the
    capture of that one (UUID); version: increases with each change; why: why the last sending was refused."""

    uid = models.UUIDField(unique=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    mailbox = models.CharField(max_length=254)
    to = models.TextField(blank=True)
    cc = models.TextField(blank=True)
    bcc = models.TextField(blank=True)
    subject = models.CharField(max_length=400, blank=True)
    text = models.TextField(blank=True)
    quote = models.TextField(blank=True)
    how = models.CharField(max_length=10, blank=True)
    source = models.CharField(max_length=36, blank=True)
    in_reply_to = models.CharField(max_length=998, blank=True)
    references = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    changed = models.DateTimeField()
    why = models.CharField(max_length=600, blank=True)

    class Meta:
        ordering: ClassVar = ["-changed", "-id"]
        indexes: ClassVar = [models.Index(fields=["person", "changed"])]

    def __str__(self) -> str:
        return f"draft {self.uid}"


class DraftFile(models.Model):
    """A file of a draft. kind: what it is by its content (core/filetype/types.py); odd: its name promises something else."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=20)
    odd = models.BooleanField(default=False)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"file {self.pk} of {self.draft_id}"


class Signature(models.Model):
    """Lines of one's own, below the identification block that the directory gives."""

    person = models.OneToOneField(Person, models.CASCADE, related_name="+")
    lines = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"signature of {self.person}"


class Outgoing(models.Model):
    """A message in the send queue: finished bytes, an envelope, and the time until which it may be recalled (due).

    uid: identifies the message, so that it is sent once; key: of a message that a part of the program sends for a person; draft:
    uid of its draft; recipients: addresses of the envelope; state: see send_states.py; tries, again: undecided attempts, and the
    time of the next one; capture: its id in the archive (UUID); rule, why: of a refusal. content is deleted once it is archived or
    recalled.
    """

    uid = models.UUIDField(unique=True)
    key = models.CharField(max_length=160, unique=True, null=True, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    draft = models.UUIDField(null=True, blank=True, db_index=True)
    mailbox = models.CharField(max_length=254)
    recipients = models.JSONField(default=list)
    content = models.BinaryField()
    made = models.DateTimeField()
    due = models.DateTimeField()
    again = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, default="waiting")
    since = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    capture = models.CharField(max_length=36, blank=True)
    rule = models.CharField(max_length=60, blank=True)
    why = models.CharField(max_length=600, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["state", "due"])]

    def __str__(self) -> str:
        return f"outgoing {self.uid}"


class SentPlain(models.Model):
    """A message that rules would have encrypted, and that its sender has sent as it is, with a reason (P-19). uid: of the outgoing
    row; department: of the mailbox, by its code; rules: that were put aside, with commas; copies: how many they were."""

    uid = models.UUIDField(unique=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    mailbox = models.CharField(max_length=254)
    department = models.CharField(max_length=40, blank=True, db_index=True)
    reason = models.CharField(max_length=400)
    rules = models.CharField(max_length=400, blank=True)
    copies = models.PositiveIntegerField(default=1)
    made = models.DateTimeField(db_index=True)

    class Meta:
        ordering: ClassVar = ["-made", "-id"]

    def __str__(self) -> str:
        return f"sent plain {self.uid}"
