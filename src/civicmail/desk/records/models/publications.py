"""What everybody may read: publications of the reading room, and requests for another format of what was released."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from civicmail.city.directory.models import Person
from civicmail.desk.records.models.productions import Production
from civicmail.desk.records.models.requests import Request


class Publication(models.Model):
    """A released production in the public reading room. slug: its stable address; request_text: words of the request as they are
    shown, empty unless an officer chose it; state: of states.PUBLICATION; after: published then at the earliest; checked: files
    that were scanned for personal data; problems: what the last scan found, {file, page, kind, count}; allowed: of these, what an
    officer let pass; why: of the last answer of a person."""

    production = models.OneToOneField(Production, models.PROTECT, related_name="publication")
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    request_text = models.TextField(blank=True)
    state = models.CharField(max_length=10, default="planned", db_index=True)
    since = models.DateTimeField(help_text="in this state")
    after = models.DateTimeField()
    published = models.DateTimeField(null=True, blank=True)
    scanned = models.DateTimeField(null=True, blank=True)
    checked = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    allowed = models.JSONField(default=list)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    why = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.slug


class FormatRequest(models.Model):
    """Somebody needs what was released in another format. publication: null for a request's own release; file: a name, empty for
    all of it; format: of states.FORMATS; contact: where it is sent, removed when it is answered; state: of states.FORMAT; answer:
    what the desk wrote to them."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="format_requests")
    publication = models.ForeignKey(Publication, models.CASCADE, null=True, blank=True, related_name="format_requests")
    file = models.CharField(max_length=200, blank=True)
    format = models.CharField(max_length=10)
    note = models.CharField(max_length=1000, blank=True)
    contact = models.CharField(max_length=400, blank=True)
    language = models.CharField(max_length=5, default="en")
    received = models.DateTimeField()
    state = models.CharField(max_length=10, default="open", db_index=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.request}: {self.format}"
