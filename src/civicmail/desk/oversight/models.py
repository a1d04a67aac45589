"""Rows of the rule set: versions of rules, published sets, emergency rules, replays, and hits."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from civicmail.city.directory.models import Person
from civicmail.desk.oversight import states


class Version(models.Model):
    """A version of a rule. rule: its id; text: its TOML as written; authors: uids of all authors; revision: raised by each edit;
    changed: what is new, in words; ends: retires the rule; starts: not before. clause to do: from the text, for lists."""

    rule = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    text = models.TextField()
    revision = models.PositiveIntegerField(default=1)
    author = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+", help_text="none: the starter pack")
    authors = models.JSONField(default=list)
    made = models.DateTimeField()
    changed = models.CharField(max_length=400, blank=True)
    ends = models.BooleanField(default=False)
    starts = models.DateTimeField(null=True, blank=True)
    proposed = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=400, blank=True, help_text="of the proposal")
    approver = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided = models.DateTimeField(null=True, blank=True)
    activated = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, default="draft", db_index=True)
    since = models.DateTimeField(help_text="in this state")
    why = models.CharField(max_length=400, blank=True, help_text="of the last change of state")
    clause = models.CharField(max_length=8, blank=True)
    owner = models.CharField(max_length=120, blank=True)
    severity = models.CharField(max_length=12, blank=True)
    mode = models.CharField(max_length=10, blank=True)
    do = models.CharField(max_length=12, blank=True)
    expires = models.DateField(null=True, blank=True)
    told = models.BigIntegerField(default=0, help_text="up to which authorization employees were told what it will do")
    announced = models.DateTimeField(null=True, blank=True, help_text="all of them were told")

    class Meta:
        ordering: ClassVar = ["rule", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "number"], name="version_once"),
            models.UniqueConstraint(fields=["rule"], condition=Q(state="active"), name="one_active_version"),
            models.UniqueConstraint(fields=["rule"], condition=Q(state__in=sorted(states.OPEN)), name="one_open_version"),
            models.CheckConstraint(
                condition=Q(approver__isnull=True) | Q(author__isnull=True) | ~Q(approver=F("author")), name="rule_has_two_people"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} v{self.number}"


class Book(models.Model):
    """A published rule set: one file for all entry points. by: uid, or a program."""

    number = models.PositiveIntegerField(unique=True)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.CharField(max_length=120)
    cause = models.CharField(max_length=400)

    class Meta:
        ordering: ClassVar = ["-number"]

    def __str__(self) -> str:
        return f"book {self.number}"


class Emergency(models.Model):
    """A rule that one security officer put in force at once. kind, value: the property that it stops; do: refuse or quarantine;
    until: at most 72 hours; ratified: due, ratified, rejected, overdue; touched: messages counted before it was saved; released:
    whether all that it held went through the checks again."""

    kind = models.CharField(max_length=10)
    value = models.CharField(max_length=300)
    do = models.CharField(max_length=12)
    reason = models.TextField()
    officer = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField()
    ratify_by = models.DateTimeField()
    ratified = models.CharField(max_length=10, default="due", db_index=True)
    approver = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True, db_index=True)
    why = models.CharField(max_length=400, blank=True, help_text="of its end")
    touched = models.BigIntegerField(default=0)
    gone_on = models.BigIntegerField(default=0, help_text="copies that went on after its end, so far")
    released = models.BooleanField(default=False, help_text="nothing that it held is left")

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(approver__isnull=True) | ~Q(approver=F("officer")), name="emergency_has_two_people"),
            models.CheckConstraint(condition=Q(until__gt=F("at")), name="emergency_ends"),
        ]

    def __str__(self) -> str:
        return f"emergency-{self.pk}"


class Replay(models.Model):
    """A replay of a version over past mail. first, last: ms of receipt, both included; mark: where the worker resumes; result:
    numbers of rule_replay.Tally; sha256: of the tested text."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="replays")
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    query = models.CharField(max_length=1000, blank=True)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    asked = models.DateTimeField()
    state = models.CharField(max_length=10, default="waiting", db_index=True)
    since = models.DateTimeField(help_text="in this state")
    found = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    mark = models.CharField(max_length=40, blank=True)
    took = models.BigIntegerField(default=0, help_text="ms of work")
    result = models.JSONField(default=dict)
    why = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"replay {self.pk} of {self.version}"


class Hits(models.Model):
    """Hits of a rule on a day, in copies. how: enforce, notify or shadow; overridden: copies that a person released all the
    same."""

    rule = models.CharField(max_length=60)
    day = models.DateField()
    how = models.CharField(max_length=10)
    copies = models.BigIntegerField(default=0)
    overridden = models.BigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-day", "rule"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["rule", "day", "how"], name="hits_once")]

    def __str__(self) -> str:
        return f"{self.rule}, {self.day}"


class Counted(models.Model):
    """Journal offset of the counted hits."""

    journal = models.CharField(max_length=80, unique=True)
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.journal}: {self.number}"
