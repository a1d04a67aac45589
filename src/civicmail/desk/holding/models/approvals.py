"""Files that wait for a manager, the decisions on them, and standing approvals (P-22)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from civicmail.city.directory.models import Department, Person


class Approval(models.Model):
    """One message whose files wait, or files that were put up before one was written.

    capture: its number (UUID), empty for what was put up; draft: the uid of that draft. parts: [part, kind, size, sha256] of each
    file; own: the sender decides about it, with a reason. step: whose turn it is, of the people of approvers.Chains, since when;
    reminded: when they were reminded last; ends: when it goes back to the sender. sampled: of the sender's own, one that the next
    head looks at; seen_by, seen, seen_why: who did. words: of the sender, of what was put up; of a message, from which office's
    mailbox it came, where nobody is known to have sent it: then person answers for the department.
    """

    capture = models.CharField(max_length=36, blank=True, db_index=True)
    draft = models.UUIDField(null=True, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    received = models.DateTimeField()
    made = models.DateTimeField(db_index=True)
    parts = models.JSONField(default=list)
    own = models.BooleanField(default=False)
    words = models.CharField(max_length=400, blank=True)
    step = models.PositiveSmallIntegerField(default=0)
    since = models.DateTimeField()
    reminded = models.DateTimeField(null=True, blank=True)
    ends = models.DateTimeField()
    sampled = models.BooleanField(default=False)
    seen_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    seen = models.DateTimeField(null=True, blank=True)
    seen_why = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["capture"], condition=~models.Q(capture=""), name="approval_of_a_message_once"),
            models.UniqueConstraint(fields=["draft"], condition=models.Q(draft__isnull=False), name="approval_of_a_draft_once"),
        ]

    def __str__(self) -> str:
        return f"approval {self.pk}"

    @property
    def links(self) -> list[str]:
        """SHA-256 of the addresses that are linked to. They stand in the text, so they leave with any yes."""
        return [part[3] for part in self.parts if part[1] == "link"]

    @property
    def things(self) -> str:
        """What is asked about, in words."""
        if not (count := len(self.links)):
            return "files"
        return "links to shared files" if count == len(self.parts) else "files and links to shared files"


class ApprovalCopy(models.Model):
    """The decision for one recipient. index: in the envelope; state: see approval_states.py; done: when the archive had it, empty
    while that is still to be done; kept: the rules that keep the copy although it was approved; without: SHA-256 of the files that
    do not leave with it, although others do."""

    approval = models.ForeignKey(Approval, models.CASCADE, related_name="copies")
    index = models.PositiveIntegerField()
    address = models.CharField(max_length=254)
    state = models.CharField(max_length=10, default="waits", db_index=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(null=True, blank=True, db_index=True)
    reason = models.CharField(max_length=400, blank=True)
    done = models.DateTimeField(null=True, blank=True)
    kept = models.CharField(max_length=200, blank=True)
    without = models.JSONField(default=list, blank=True)

    class Meta:
        ordering: ClassVar = ["index"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["approval", "index"], name="approval_of_a_copy_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["waits", "expired", "gone"]) | models.Q(by__isnull=False), name="answer_has_a_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.approval_id}.{self.index}"

    @property
    def parts(self) -> list[list[Any]]:
        """Of the files those that leave with it once it is approved."""
        return [part for part in self.approval.parts if part[3] not in self.without]

    @property
    def leave(self) -> list[int]:
        """Numbers of these, from 1."""
        return [number for number, part in enumerate(self.approval.parts, 1) if part[3] not in self.without]

    @property
    def stay(self) -> list[int]:
        """Numbers of the others."""
        return [number for number, part in enumerate(self.approval.parts, 1) if part[3] in self.without]


class StandingApproval(models.Model):
    """What may leave without a question, for a department's people. Of sha256, series, domain, mailbox one says something, or it is
    for everything of the department. until: at most a year; asked: when its review was asked for."""

    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64, blank=True)
    series = models.CharField(max_length=120, blank=True)
    domain = models.CharField(max_length=253, blank=True)
    mailbox = models.CharField(max_length=254, blank=True)
    reason = models.CharField(max_length=400)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    made = models.DateTimeField()
    until = models.DateTimeField()
    asked = models.DateTimeField(null=True, blank=True)
    used = models.PositiveIntegerField(default=0)
    last = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"s{self.pk}"


class AskedDepartment(models.Model):
    """A department whose files are asked about. forecast: approvals of a manager and working day, in tenths; reason, head_reason:
    of the policy owner who switched it on, and of the department's head where the forecast is high."""

    department = models.OneToOneField(Department, models.PROTECT, related_name="+")
    since = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    asked = models.DateTimeField()
    reason = models.CharField(max_length=400)
    forecast = models.PositiveIntegerField(default=0)
    head = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    head_reason = models.CharField(max_length=400, blank=True)

    def __str__(self) -> str:
        return str(self.department)


class UnaskedDepartment(models.Model):
    """A department whose files leave without a question, because somebody decided so. by: nobody, where it was so before anybody
    had to decide; then it still waits for a decision."""

    department = models.OneToOneField(Department, models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    reason = models.CharField(max_length=400, blank=True)

    def __str__(self) -> str:
        return str(self.department)
