"""Scopes of a request, searches that can be sworn to, and the items that they gave."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from civicmail.city.directory.models import Person
from civicmail.desk.records.models.requests import Request


class Scope(models.Model):
    """A version of what is searched. understood: the request in the desk's words, which the requester reads; query: of the
    search language, over the whole archive; state: of states.SCOPE; by: who wrote it, confirmed_by: the second person that a
    request entered by its own officer needs."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="scopes")
    version = models.PositiveSmallIntegerField()
    understood = models.TextField()
    query = models.CharField(max_length=4000)
    state = models.CharField(max_length=10, default="proposed")
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    confirmed_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "version"], name="scope_version_once"),
            models.UniqueConstraint(fields=["request"], condition=Q(state="agreed"), name="scope_one_agreed"),
            models.CheckConstraint(condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("by")), name="scope_has_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.request} scope {self.version}"


class Hold(models.Model):
    """A hold of the archive for a request. scope: whose query it is, null for the hold on the whole archive, which a request has
    until a scope is agreed; archive: its id there."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="holds")
    scope = models.ForeignKey(Scope, models.PROTECT, null=True, blank=True, related_name="holds")
    archive = models.CharField(max_length=40, unique=True)
    placed = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "scope"], condition=Q(ended__isnull=True), name="hold_once_for_a_scope"),
            models.UniqueConstraint(
                fields=["request"], condition=Q(ended__isnull=True, scope__isnull=True), name="hold_once_for_everything"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request}: hold {self.archive}"


class Search(models.Model):
    """One search of the archive under a scope, with what an affidavit needs. state: of states.SEARCH; population: messages that
    the archive had = found + unsearchable + excluded; done: of found and unsearchable; counts: {term: {mailbox: messages}}, and
    under "" all of a mailbox; coverage: of the index; checkpoint: of the ledger; why: it failed."""

    scope = models.ForeignKey(Scope, models.PROTECT, related_name="searches")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    state = models.CharField(max_length=10, default="waiting", db_index=True)
    done = models.BigIntegerField(default=0, help_text="messages listed")
    population = models.BigIntegerField(default=0)
    found = models.BigIntegerField(default=0)
    unsearchable = models.BigIntegerField(default=0)
    excluded = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    coverage = models.JSONField(default=dict)
    checkpoint = models.CharField(max_length=200, blank=True)
    finished = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(population=F("found") + F("unsearchable") + F("excluded")),
                name="search_balances",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} search {self.pk}"


class Item(models.Model):
    """One message or attachment of a request. number: within the request, shown with six digits; capture: its message; part:
    number of the MIME part, empty for the message itself; parent: the message of an attachment; content: keyed hash of the
    content, by which decisions are found; mih: EDRM message identification hash; thread, place: its thread and its place
    in it; inclusive: has all text of its thread; cluster: near-duplicates of each other; holders: mailboxes that had
    it; hit: false for what could not be searched and might be meant; trouble: why it could not be searched, settled: how a person
    settled that (fits, does-not-fit), or what was done meanwhile (listed_items.PROGRESS); reader: to whom it is assigned."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="items")
    search = models.ForeignKey(Search, models.PROTECT, related_name="items")
    number = models.PositiveIntegerField()
    capture = models.CharField(max_length=36, db_index=True)
    part = models.CharField(max_length=60, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="parts")
    content = models.CharField(max_length=64, db_index=True)
    media_type = models.CharField(max_length=100, blank=True)
    mih = models.CharField(max_length=32, blank=True)
    thread = models.CharField(max_length=64, blank=True)
    place = models.PositiveIntegerField(default=0)
    inclusive = models.BooleanField(default=False)
    cluster = models.PositiveIntegerField(null=True, blank=True)
    holders = models.JSONField(default=list)
    received = models.BigIntegerField(help_text="epoch ms")
    size = models.BigIntegerField(default=0)
    hit = models.BooleanField(default=True)
    trouble = models.CharField(max_length=20, blank=True)
    settled = models.CharField(max_length=20, blank=True)
    reader = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "number"], name="item_number_once"),
            models.UniqueConstraint(fields=["request", "capture", "part"], name="item_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["request", "content"], name="item_by_content")]

    def __str__(self) -> str:
        return f"{self.request} {self.number:06}"


class Attestation(models.Model):
    """A person's signed statement about personal accounts and devices. state: of states.ATTESTATION; answer: in words."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="attestations")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, default="asked")
    asked = models.DateTimeField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    signed = models.DateTimeField(null=True, blank=True)
    has_records = models.BooleanField(null=True, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["request", "person"], name="attestation_once")]

    def __str__(self) -> str:
        return f"{self.person}: {self.request}"
