"""Rows of violations of the e-mail policy: report, response, finding, decision, appeal (P-09, P-30; V1).

Evidence is the number of a capture, never its text.
Finder, decider and hearer are three people, none of them the person or the reporter (V4); the database enforces it.
Rows are never deleted.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from django.db import models
from django.db.models import F, Q

from civicmail.city.conduct.consequence_table import Outcome
from civicmail.city.directory.models import Agency, Department, Episode, Kind, Person
from civicmail.city.identity.models import Bar, Ending


class Violation(models.Model):
    """state: see violation_states.py; source: see SOURCES. person: None until identified; department, kind: as they were then.
    reporter: None if anonymous; own: self-reported; good_faith: presumed until a finding, and it protects the reporter.
    contact: address of an outside reporter. origin: where it comes from, "finding:12". procedure: answers to the procedure's
    questions, by key (strikes.toml). until: of a suspension or restriction; lapses: when it stops counting; departs: the
    officer did not follow the table."""

    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="violations")
    episode = models.ForeignKey(Episode, models.PROTECT, null=True, blank=True, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="violations")
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="violations")
    kind = models.CharField(max_length=12, choices=Kind, blank=True)
    clause = models.CharField(max_length=8, blank=True)
    what = models.CharField(max_length=2000)
    source = models.CharField(max_length=10)
    reporter = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    own = models.BooleanField(default=False)
    good_faith = models.BooleanField(default=True)
    contact = models.CharField(max_length=254, blank=True)
    origin = models.CharField(max_length=60, blank=True)
    made = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=12, default="reported", db_index=True)
    since = models.DateTimeField(help_text="in this state")
    respond_by = models.DateTimeField(null=True, blank=True)
    response = models.CharField(max_length=4000, blank=True)
    responded = models.DateTimeField(null=True, blank=True)
    finder = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    found = models.DateTimeField(null=True, blank=True)
    finding = models.CharField(max_length=1000, blank=True)
    severe = models.BooleanField(default=False)
    decider = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided = models.DateTimeField(null=True, blank=True, db_index=True)
    outcome: models.CharField[str, Outcome | Literal[""]] = models.CharField(max_length=12, blank=True)
    proposed = models.CharField(max_length=12, blank=True, help_text="by the table, when it was decided")
    departs = models.BooleanField(default=False)
    ground = models.CharField(max_length=24, blank=True)
    cites = models.CharField(max_length=300, blank=True)
    why = models.CharField(max_length=1000, blank=True)
    procedure = models.JSONField(default=dict, blank=True)
    second = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    seconded = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    lapses = models.DateTimeField(null=True, blank=True)
    trained = models.DateTimeField(null=True, blank=True)
    appeal = models.CharField(max_length=4000, blank=True)
    appealed = models.DateTimeField(null=True, blank=True)
    hearer = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    heard = models.DateTimeField(null=True, blank=True)
    hearing = models.CharField(max_length=1000, blank=True)
    bar = models.ForeignKey(Bar, models.PROTECT, null=True, blank=True, related_name="+")
    ending = models.ForeignKey(Ending, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["origin"], condition=~Q(origin=""), name="one_violation_of_an_origin"),
            models.CheckConstraint(
                condition=Q(decider__isnull=True) | Q(finder__isnull=True) | ~Q(decider=F("finder")), name="finder_is_not_decider"
            ),
            models.CheckConstraint(
                condition=Q(hearer__isnull=True)
                | ((Q(finder__isnull=True) | ~Q(hearer=F("finder"))) & (Q(decider__isnull=True) | ~Q(hearer=F("decider")))),
                name="hearer_is_somebody_else",
            ),
            models.CheckConstraint(condition=Q(second__isnull=True) | ~Q(second=F("decider")), name="second_is_not_decider"),
        ]

    def __str__(self) -> str:
        return f"violation {self.pk}"


class Evidence(models.Model):
    """The number of a capture that a violation is about (V1). by: None for an anonymous reporter."""

    violation = models.ForeignKey(Violation, models.PROTECT, related_name="evidence")
    capture = models.CharField(max_length=36)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["violation", "capture"], name="evidence_once")]

    def __str__(self) -> str:
        return self.capture
