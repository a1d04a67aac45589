"""Files that wait for a manager, the decisions on them, and standing approvals (P-22)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Lower

from civicmail.city.directory.models import Department, Person


class Approval(models.Model):
    """A request for approval: one message whose files wait, or files submitted before a message is written.

    capture: its number (UUID), empty for a pre-approval; draft: the uid of that draft. parts: [part, kind, size, sha256] of each
    file; own: the sender decides, with a reason. step: the approvers' turn, of approvers.Chains, and since when; reminded: time of
    the last reminder; ends: when it is returned to the sender. sampled: of the sender's own, for review by the next head; seen_by,
    seen, seen_why: of that review. words: of the sender, for a pre-approval; for a message, the office's mailbox if the sender is
    unknown: then person is responsible for the department. subject, names, findings: as in approval_summary.Summary; subject and
    names are removed with the message (actions/forget_names.py).
    """

    capture = models.CharField(max_length=36, blank=True, db_index=True)
    draft = models.UUIDField(null=True, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    received = models.DateTimeField()
    made = models.DateTimeField(db_index=True)
    parts = models.JSONField(default=list)
    subject = models.CharField(max_length=200, blank=True)
    names = models.JSONField(default=list, blank=True)
    findings = models.JSONField(default=list, blank=True)
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
        """SHA-256 of the linked addresses. Links are part of the text, so they leave with any approval."""
        return [part[3] for part in self.parts if part[1] == "link"]

    def name_of(self, number: int) -> str:
        """The name of a file, from 1; "" if it is not known."""
        return str(self.names[number - 1]) if number <= len(self.names) else ""

    @property
    def things(self) -> str:
        """The subject of the request, in words."""
        if not (count := len(self.links)):
            return "files"
        return "links to shared files" if count == len(self.parts) else "files and links to shared files"


class ApprovalCopy(models.Model):
    """The decision for one recipient. index: in the envelope; state: see approval_states.py; done: when the archive recorded it,
    empty until then; kept: the rules that hold the copy although it was approved; without: SHA-256 of the files that do not leave
    with it: some of them after a partial approval, all of them when the sender sends the text alone."""

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
        indexes: ClassVar = [models.Index(Lower("address"), "at", name="copies_to_an_address")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["approval", "index"], name="approval_of_a_copy_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["waits", "expired", "gone"]) | models.Q(by__isnull=False), name="answer_has_a_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.approval_id}.{self.index}"

    @property
    def is_text_only(self) -> bool:
        """Whether the sender withdrew the files and sent the text."""
        return self.state == "withdrawn" and bool(self.without)

    @property
    def parts(self) -> list[list[Any]]:
        """The files that leave with the copy once it is approved."""
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
    """Files that may leave without a request, for a department's people. At least one of sha256, series, domain and mailbox is set,
    or it is for everything of the department. until: at most a year; asked: when its review was requested."""

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
    """A department that requires approval. forecast: approvals of a manager and working day, in tenths; reason, head_reason: of the
    policy owner who switched it on, and of the department's head if the forecast is high."""

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
    """A department whose files leave without approval, by decision. by: empty if it was so before a decision was required; then one
    is still due."""

    department = models.OneToOneField(Department, models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    reason = models.CharField(max_length=400, blank=True)

    def __str__(self) -> str:
        return str(self.department)
