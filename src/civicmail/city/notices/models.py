"""A notice: one message of the system to one mailbox."""

from __future__ import annotations

from django.db import models


class Notice(models.Model):
    """key: identifies it, so that it is written and sent once; to: address of a city mailbox; text: until it is sent; capture:
    the id under which it is archived then; reply_to: who reads answers, "" if nobody does."""

    key = models.CharField(max_length=160, unique=True)
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    made = models.DateTimeField()
    sent = models.DateTimeField(null=True, blank=True, db_index=True)
    capture = models.CharField(max_length=36, blank=True)
    reply_to = models.CharField(max_length=254, blank=True)

    def __str__(self) -> str:
        return self.key
