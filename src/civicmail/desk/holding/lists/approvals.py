"""Lists of file approvals: standing ones, what was decided, and one's own (P-22)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.resources import OfPerson, Resource
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import (
    Column,
    Filter,
    Flag,
    List,
    ListRequest,
    Number,
    Operation,
    Shown,
    Somebody,
    State,
    Texts,
    Time,
    Until,
)
from civicmail.city.pages.states import Label, choices, label
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.holding.approval_states import WORDS

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from civicmail.city.pages.listing import Listing
    from civicmail.desk.holding.models import Approval, ApprovalCopy, StandingApproval

DAYS = [("7", "7 days"), ("31", "31 days"), ("92", "three months"), ("366", "a year")]
NOBODY_ANSWERED = ("expired", "withdrawn")
MAX_COUNTED = 5_000
"""Answers of which the wait is told, the newest first."""
ANSWER_CHOICES = [(state, word) for state, word in choices(WORDS) if state not in ("waits", "gone")]


def in_own_departments(rows: Any, department: str, request: ListRequest) -> Any:
    """Rows of the departments that the reader answers for; an auditor has all. department: lookup of its code."""
    if request.actor.holds("auditor"):
        return rows
    return rows.filter(**{f"{department}__in": request.actor.departments})


def sender_hint(row: Approval) -> str:
    """The department; for an office's mailbox also that the person named is only responsible for it."""
    from civicmail.desk.holding import approvers

    return f"{row.department.name}. {row.words}" if approvers.has_no_known_sender(row) else row.department.name


def _answered_by(rows: Any, name: str, request: ListRequest) -> Any:
    from django.db.models import Q

    return rows.filter(Q(by__family__icontains=name) | Q(by__uid=name))


def _of_department(rows: Any, value: str, request: ListRequest) -> Any:
    from django.db.models import Q

    return rows.filter(Q(approval__department__code=value.lower()) | Q(approval__department__name__icontains=value))


def _count_of_files(copy: ApprovalCopy) -> int | str:
    return f"{len(copy.parts)} of {len(copy.approval.parts)}" if copy.without else len(copy.parts)


class _Copies(List):
    model, permission, noun = "holding.ApprovalCopy", "approvals.see", "copies"
    related: tuple[str, ...] = ("approval__person", "approval__department", "by")

    def rows(self, request: ListRequest) -> Any:
        return in_own_departments(super().rows(request), "approval__department__code", request)


def _tabs(here: str) -> dict[str, Any]:
    """The three lists of file approvals, for the template. here: name of the URL of the present one."""
    from django.urls import reverse

    pages = (("Waiting", "approvals"), ("Answered", "approvals-report"), ("Standing", "standing-approvals"))
    return {"tabs": [(words, reverse(page), page == here) for words, page in pages]}


def _for_reader(rows: Any, _value: str, request: ListRequest) -> Any:
    from civicmail.desk.holding import tasks

    return rows.filter(pk__in=tasks.pending_copies(request.actor).values("pk"))


_MINE = Filter("state", _("State"), apply=_for_reader, choices=[("mine", _("Waits for you"))])


class FileApprovals(_Copies):
    """What waits for this person's departments, the soonest end first."""

    name = "list_approval_copies"
    page = Page("holding/approvals/", "approvals")
    title, section, template = "File approvals", "Holding", "holding/approvals.html"
    caption = "Files that wait for an approval"
    empty, sort = "Nothing waits for your answer. What was answered is under Answered.", "until"
    columns = (
        Shown("from", "From", "approval.person", link=("approval", "approval_id"), hint=lambda c: sender_hint(c.approval)),
        Column("to", "To", "address", full=True, sort=("address",), name="to"),
        Shown("files", "Files", lambda c: len(c.parts), hint=lambda c: _size(c), name="files", is_number=True),
        Shown("until", "Answer by", lambda c: _deadline(c), sort=("approval__ends", "approval__made"), name="answer by"),
        Time("made", "Asked", "approval.made", sort=("approval__made",), name="asked"),
    )
    filters = (
        Filter("from", "From", ("approval__person__family__icontains", "approval__person__uid")),
        Filter("to", "Recipient", ("address__icontains",)),
        _MINE,
    )

    def rows(self, request: ListRequest) -> Any:
        return super().rows(request).filter(state="waits")

    def context(self, request: ListRequest) -> dict[str, Any]:
        return _tabs("approvals")


def _size(copy: ApprovalCopy) -> str:
    """Of its files together; links have none."""
    from django.template.defaultfilters import filesizeformat

    count = sum(part[2] for part in copy.approval.parts if part[1] != "link")
    return filesizeformat(count) if count else ""


def _deadline(copy: ApprovalCopy) -> datetime | date:
    from civicmail.desk.holding.views.approvals import deadline

    return deadline(copy.approval.ends)


class ApprovalReport(_Copies):
    """List decided files, newest first: of the departments one answers for, for auditors of all.

    One answer for one recipient. sha256: of the files that it is about; without: of those that do not leave although others
    do; own: of files that the sender decided about.
    """

    name = "list_file_answers"
    page = Page("holding/approvals/report/", "approvals-report")
    operation = Operation("/approvals/answers", "read:files", shape="FilesAnswered")
    title, section, crumbs = "Approval report", "File approvals", [("File approvals", "approvals")]
    caption, empty, noun, sort = "What was said about files that leave", "Nothing was answered yet.", "answers", "-at"
    template = "holding/approvals.html"
    columns = (
        Number("id"),
        Number("approval", value="approval_id"),
        Time("at", "Answered", link=("approval", "approval_id"), sort=("at",)),
        State("state", "Answer", words=WORDS, hint=lambda c: _answer_hint(c), sort=("state", "at")),
        Somebody("by", "By", cell=lambda c, _: str(c.by or "nobody"), optional=True, sort=("by__family", "at"), name="by"),
        Somebody("sender", value="approval.person"),
        Column("department", value="approval.department.code"),
        Shown(
            "from",
            "Sent by",
            "approval.person",
            hint=lambda c: sender_hint(c.approval),
            sort=("approval__person__family", "at"),
            name="sent by",
        ),
        Column("address"),
        Shown("to", "To", "address", full=True, sort=("address",), name="to"),
        Texts("sha256", value=lambda c: [part[3] for part in c.parts]),
        Texts("without"),
        Shown("files", "Files (SHA-256)", lambda c: _files(c), name="files"),
        Flag("own", value="approval.own"),
        Time("asked", value="approval.made"),
        Shown("waited", "Waited", lambda c: hours_text(c.at - c.approval.made), name="waited", is_number=True),
        Column("reason", "Why", name="why"),
    )
    filters = (
        Filter("since", "Since", apply=lambda q, v, r: q.filter(at__gte=from_ms(r.now) - timedelta(days=int(v))), choices=DAYS),
        Filter("by", "Answered by", apply=_answered_by),
        Filter("state", "Answer", choices=ANSWER_CHOICES),
        Filter("to", "Recipient", ("address__icontains",)),
        Filter("department", "Department", apply=_of_department),
    )

    def rows(self, request: ListRequest) -> Any:
        return super().rows(request).filter(at__isnull=False).exclude(state="gone")

    def facts(self, request: ListRequest, shown: Listing) -> list[tuple[str, Any]]:
        decided = cast("QuerySet[ApprovalCopy]", shown.results).exclude(state__in=NOBODY_ANSWERED).order_by("-at")
        times = decided.values_list("approval__made", "at")[:MAX_COUNTED]
        return [("Answers", shown.total), ("Median wait", median_wait(times))]

    def context(self, request: ListRequest) -> dict[str, Any]:
        return _tabs("approvals-report")


def _answer_hint(copy: ApprovalCopy) -> str:
    return f"kept by {copy.kept}" if copy.kept else "own files" if copy.approval.own else ""


def median_wait(times: Any) -> str:
    """The median time to an answer, in words. times: (asked, answered) of each."""
    from statistics import median

    waits = [(answered - requested).total_seconds() for requested, answered in times]
    return hours_text(timedelta(seconds=median(waits))) if waits else "nothing was answered"


def hours_text(duration: timedelta) -> str:
    """A duration as "2 h 05 min"."""
    minutes = max(0, round(duration.total_seconds() / 60))
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def _files(copy: ApprovalCopy) -> str:
    """The files approved or denied, links by the SHA-256 of their address; after a partial approval also the others."""
    hashes = ", ".join(f"link {part[3][:12]}" if part[1] == "link" else part[3][:12] for part in copy.parts)
    return f"{hashes}; not {', '.join(sha256[:12] for sha256 in copy.without)}" if copy.without else hashes


class MyFileApprovals(List):
    """What of one's own files waits, and what became of it."""

    name, permission, translated = "list_my_approval_copies", "my.approvals", True
    page = Page("holding/approvals/mine/", "my-approvals")
    model, related = "holding.ApprovalCopy", ("approval", "by")
    title, section = _("My file approvals"), _("My file approvals")
    caption, empty = _("Files that I sent"), _("Nothing that you sent had to wait for an approval.")
    noun, sort = _("copies"), "-made"
    columns = (
        Shown("to", _("To"), "address", link=("approval", "approval_id"), full=True, sort=("address",)),
        Shown("subject", _("Subject")),
        Shown("files", _("Files"), lambda c: _file_count(c), name=_("Files"), is_number=True),
        State("state", _("State"), words=WORDS, hint=lambda c: c.reason[:120]),
        Time("made", _("Sent"), "approval.received", sort=("approval__received",), name=_("sent")),
    )
    filters = (_MINE,)

    def resource(self, request: ListRequest) -> Resource:
        return OfPerson(request.actor.uid)

    def rows(self, request: ListRequest) -> Any:
        return super().rows(request).filter(approval__person__uid=request.actor.uid)

    def page_columns(self, request: ListRequest) -> list[Column]:
        from civicmail.desk.holding.views.message_subjects import Subjects

        subjects = Subjects(request.actor, request.now)
        with_subjects = replace(self.columns[1], value=lambda c: subjects.subject_of(c.approval))
        return [self.columns[0], with_subjects, *self.columns[2:]]


def _file_count(copy: ApprovalCopy) -> int | str:
    """In the language of the page."""
    from django.utils.translation import gettext

    if not copy.without:
        return len(copy.parts)
    return gettext("{some} of {count}").format(some=len(copy.parts), count=len(copy.approval.parts))


def scope_text(row: StandingApproval) -> str:
    """The scope of a standing approval in words."""
    parts = [
        f"the document {row.sha256[:12]}…" if row.sha256 else "",
        row.series,
        f"to {row.domain}" if row.domain else "",
        f"from {row.mailbox}" if row.mailbox else "",
    ]
    return ", ".join(part for part in parts if part) or "everything"


def state_words(row: StandingApproval, now: datetime) -> Label:
    return label("revoked" if row.ended is not None else "expired" if row.until <= now else "active")


class StandingApprovals(List):
    """List standing approvals of the departments one answers for, newest first.

    Of sha256, series, domain and mailbox each that says something must fit; none says: everything of the department.
    """

    name, permission = "list_standing", "approvals.see"
    page = Page("holding/approvals/standing/", "standing-approvals")
    operation = Operation("/standing-approvals", "read:files", shape="Standing")
    model, related = "holding.StandingApproval", ("department", "by")
    title, section, crumbs = "Standing approvals", "File approvals", [("File approvals", "approvals")]
    caption = "Standing approvals"
    empty = "Nothing leaves without a question. Allow one document, a series, or a recipient with an end date."
    noun, sort, template = "standing approvals", "-until", "holding/standing.html"

    columns = (
        Number("id"),
        Column("department", value="department.code"),
        Column("sha256"),
        Column("series"),
        Column("domain"),
        Column("mailbox"),
        Shown("what", "What", lambda r: scope_text(r), link=("standing-approval",), hint=lambda r: r.department.name),
        Shown("state", "State", cell=lambda r, request: state_words(r, from_ms(request.now))),
        Until("until", "Until", sort=("until",), name="until"),
        Number("used", "Used", sort=("used",), name="used"),
        Somebody("by", "By", hint=lambda r: r.reason[:80], sort=("by__family",), name="by"),
        Column("reason"),
        Time("ended", optional=True),
    )

    def rows(self, request: ListRequest) -> Any:
        return in_own_departments(super().rows(request), "department__code", request)

    def context(self, request: ListRequest) -> dict[str, Any]:
        from django.urls import reverse

        return {**_tabs("standing-approvals"), "new": reverse("standing-approval-new") if request.actor.departments else ""}


FILE_APPROVALS = FileApprovals()
APPROVAL_REPORT = ApprovalReport()
MY_FILE_APPROVALS = MyFileApprovals()
STANDING_APPROVALS = StandingApprovals()
