"""Rows of access reviews: is access still justified, useful and used (P-05)?

The definition and the questions stay as they were when the review began.
What happens later is added and never removed (R14): database triggers refuse deletion to everybody.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from civicmail.city.conduct.review_plans import Tier
from civicmail.city.directory.models import Department, Mailbox, Person
from civicmail.city.identity.models import Authorization, RoleAssignment


class Review(models.Model):
    """An access review. key: identifies it, so that it is planned once; tier, cause: see review_plans.py; state: see
    review_states.py; round: from 2 on, it asks the questions that earlier rounds left open; definition: its rules, as they were
    when it began; snapshot, digest: SHA-256 of the questions, and of the evidence at its close."""

    key = models.CharField(max_length=120, unique=True)
    tier: models.CharField[str, Tier] = models.CharField(max_length=10)
    cause = models.CharField(max_length=10, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+", help_text="of a micro-review")
    round = models.PositiveSmallIntegerField(default=1)
    former = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="next")
    state = models.CharField(max_length=10, default="planned", db_index=True)
    planned = models.DateField(help_text="the day on which it starts")
    started = models.DateTimeField(null=True, blank=True)
    deadline = models.DateTimeField(null=True, blank=True)
    closed = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=120)
    reason = models.CharField(max_length=400, blank=True)
    definition = models.JSONField(default=dict)
    snapshot = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering: ClassVar = ["-planned", "-id"]

    def __str__(self) -> str:
        return f"review {self.key}"


class ReviewPart(models.Model):
    """The rows of one reviewer in one department. reviewer: None if there was no possible reviewer, which is not a non-response
    (R8); role: of the reviewer; turn: from 1 on, it waits until the part before is answered; joined: the next head, from day 7 on;
    replaced: since when that head answers alone; delegate: answers until a time, for a reason (R7)."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="parts")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="review_parts")
    named = models.CharField(max_length=160, blank=True, help_text="the reviewer's name as it was")
    role = models.CharField(max_length=16, blank=True)
    turn = models.PositiveSmallIntegerField(default=0)
    joined = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    joined_at = models.DateTimeField(null=True, blank=True)
    replaced = models.DateTimeField(null=True, blank=True)
    delegate = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    delegate_until = models.DateTimeField(null=True, blank=True)
    delegate_why = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.review}, {self.department}"


class ReviewRow(models.Model):
    """One question: does this person still need this authorization or role? asked: the question as shown to the reviewer, as of the
    start of the review; exceptions: see review_plans.py; changed: something changed since the last review; state, answer: see
    review_item_states.py; promised: the end of access that the answer sets; bulk: kept together with others."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="rows")
    part = models.ForeignKey(ReviewPart, models.PROTECT, related_name="rows")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, related_name="review_rows")
    right = models.ForeignKey(Authorization, models.PROTECT, null=True, blank=True, related_name="review_rows")
    role = models.ForeignKey(RoleAssignment, models.PROTECT, null=True, blank=True, related_name="review_rows", db_column="duty_id")
    asked = models.JSONField(default=dict)
    exceptions = models.JSONField(default=list)
    changed = models.BooleanField(default=False)
    essential = models.BooleanField(default=False)
    approver = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, default="open")
    answer = models.CharField(max_length=8, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(null=True, blank=True)
    late = models.BooleanField(default=False)
    bulk = models.BooleanField(default=False)
    promised = models.DateTimeField(null=True, blank=True)
    hops = models.PositiveSmallIntegerField(default=0)
    carried = models.DateTimeField(null=True, blank=True)
    checked = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(right__isnull=False, role__isnull=True) | Q(right__isnull=True, role__isnull=False),
                name="row_of_right_or_duty",
            ),
            models.UniqueConstraint(fields=["review", "right"], condition=Q(right__isnull=False), name="right_once_a_review"),
            models.UniqueConstraint(fields=["review", "role"], condition=Q(role__isnull=False), name="duty_once_a_review"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["review", "state"], name="rows_of_a_state"),
            models.Index(
                fields=["state"],
                condition=Q(state__in=["open", "pending", "done", "suspending", "suspended"]),
                name="rows_to_see_to",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review}: {self.person}"


class ReviewStep(models.Model):
    """An event of a review other than an answer: asked, reminded, delegated, joined, replaced, reassigned, stopped, applied. Rows
    are added, and never changed or removed."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="steps")
    part = models.ForeignKey(ReviewPart, models.PROTECT, null=True, blank=True, related_name="steps")
    row = models.ForeignKey(ReviewRow, models.PROTECT, null=True, blank=True, related_name="steps")
    at = models.DateTimeField()
    step = models.CharField(max_length=12)
    by = models.CharField(max_length=120)
    to = models.CharField(max_length=120, blank=True)
    words = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.step}, {self.at:%Y-%m-%d}"


class Essential(models.Model):
    """A mailbox that non-response never suspends (R11), because the city cannot do without it for an hour."""

    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="essential")
    reason = models.CharField(max_length=400)
    by = models.CharField(max_length=120)
    at = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mailbox"], condition=Q(ended__isnull=True), name="essential_once"),
        ]

    def __str__(self) -> str:
        return str(self.mailbox)
