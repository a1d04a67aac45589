"""Lists of file approvals: standing ones, what was decided, and one's own (P-22)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.resources import OfPerson, Resource
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import (
    Bulk,
    Cell,
    Column,
    Filter,
    Flag,
    Link,
    List,
    ListRequest,
    Number,
    Operation,
    RowAct,
    Shown,
    Somebody,
    State,
    Texts,
    Time,
    Until,
)
from civicmail.city.pages.states import Label, choices, label
from civicmail.city.pages.wording import translate
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.holding.approval_states import WORDS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from django.db.models import QuerySet

    from civicmail.city.pages.listing import Listing
    from civicmail.desk.holding.earlier_requests import Answered, Earlier
    from civicmail.desk.holding.models import Approval, ApprovalCopy, StandingApproval

DAYS = [("7", "7 days"), ("31", "31 days"), ("92", "three months"), ("366", "a year")]
NOBODY_ANSWERED = ("expired", "withdrawn")
MAX_SHOWN = 3
"""Names or addresses in one cell."""
STATE_TABS = [(state, WORDS[state][1]) for state in ("waits", "approved", "refused", "withdrawn")]
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


def _in_state(rows: Any, state: str, request: ListRequest) -> Any:
    """Messages with a copy in this state, or those that wait for the reader."""
    from civicmail.desk.holding import tasks
    from civicmail.desk.holding.models import ApprovalCopy

    if state == "mine":
        return rows.filter(pk__in=tasks.pending_approvals(request.actor).values("pk"))
    return rows.filter(pk__in=ApprovalCopy.objects.filter(state=state).values("approval"))


def _to(rows: Any, words: str, request: ListRequest) -> Any:
    from civicmail.desk.holding.models import ApprovalCopy

    return rows.filter(pk__in=ApprovalCopy.objects.filter(address__icontains=words).values("approval"))


def _files_cell(row: Approval, request: ListRequest) -> Cell:
    """The names of the files, with the subject of the message and their size."""
    from django.urls import reverse

    hint = " · ".join(part for part in (_subject(row, request), _size(row)) if part)
    return Cell(files_text(row, request), reverse("approval", args=[row.pk]), hint=hint)


def files_text(row: Approval, request: ListRequest) -> str:
    """Names of the files, or how many there are, for readers who may not know more or where no name is known."""
    if not any(row.names) or not _shows_summary(row, request):
        return counted(row)
    return _first([name or _("a link") for name in row.names], " + ")


def counted(row: Approval) -> str:
    """The number of files and of links: 1 file, 2 links."""
    from django.utils.translation import ngettext

    links = len(row.links)
    files = len(row.parts) - links
    texts = [ngettext("{count} file", "{count} files", files).format(count=files)] if files else []
    return ", ".join([*texts, *([ngettext("{count} link", "{count} links", links).format(count=links)] if links else [])])


def _shows_summary(row: Approval, request: ListRequest) -> bool:
    from civicmail.desk.holding import approvers

    return approvers.may_see_summary(row, request.actor)


def _subject(row: Approval, request: ListRequest) -> str:
    return row.subject if _shows_summary(row, request) else ""


def _first(texts: Sequence[str], separator: str = ", ") -> str:
    """The first texts, and how many there are besides."""
    from django.utils.translation import gettext

    rest = len(texts) - MAX_SHOWN
    return separator.join([*map(translate, texts[:MAX_SHOWN]), *([gettext("{count} more").format(count=rest)] if rest > 0 else [])])


def _size(row: Approval) -> str:
    """Of its files together; links have none."""
    from django.template.defaultfilters import filesizeformat

    count = sum(part[2] for part in row.parts if part[1] != "link")
    return filesizeformat(count) if count else ""


def _addresses(row: Approval, states: Collection[str] = ()) -> Cell:
    """The recipients whose copies are in one of these states, by default all."""
    return Cell(_first([copy.address for copy in row.copies.all() if not states or copy.state in states]), full=True)


def _waiting_cell(row: Approval) -> Cell:
    """The recipients that wait, with what became of earlier requests for them, where that was looked up."""
    shown, earlier = _addresses(row, ("waits",)), getattr(row, "earlier", None)
    return replace(shown, hint=_earlier_text(earlier)) if earlier else shown


def _earlier_text(earlier: Sequence[Earlier]) -> str:
    new = sum(each.last is None for each in earlier)
    if len(earlier) > 1:
        return f"{new} of {len(earlier)} for the first time" if new else ""
    if new:
        return "For the first time"
    return f"{earlier[0].count:,} in the last year" if earlier[0].count else "None in the last year"


def _findings_cell(row: Approval, request: ListRequest) -> Cell:
    """What screening has found in the files."""
    from civicmail.city.policy.finding_labels import code_label

    labels = list(dict.fromkeys(code_label(check, code) for _, check, code in row.findings if _shows_summary(row, request)))
    text = _first(labels)
    return Cell(f"{text[:1].upper()}{text[1:]}", role="warn" if labels else "")


def _deadline_cell(row: Approval, request: ListRequest) -> Cell:
    from django.utils.translation import gettext

    from civicmail.desk.holding.views.approvals import deadline

    waited = hours_text(from_ms(request.now) - row.made)
    return Cell(deadline(row.ends), hint=gettext("waiting {duration}").format(duration=waited))


def _state_cell(row: Approval) -> Cell:
    """The state of its copies: that of those that wait, else of the first. Below it how the others stand, how many files leave, and
    the reason."""
    from django.utils.translation import gettext

    copies = list(row.copies.all())
    states = Counter(copy.state for copy in copies)
    role, word = WORDS["waits" if states["waits"] else next(iter(states), "gone")]
    hints = [f"{translate(WORDS[key][1])} {count}" for key, count in states.items()] if len(states) > 1 else []
    if any(copy.is_text_only for copy in copies):
        hints.append(gettext("text sent without the files"))
    elif partial := next((copy for copy in copies if copy.without), None):
        hints.append(gettext("{some} of {count} files").format(some=len(partial.leave), count=len(row.parts)))
    hints += [copy.reason[:120] for copy in copies[:1] if len(states) == 1 and copy.reason]
    return Cell(translate(word), role=role, hint=" · ".join(hints))


class _Messages(List):
    """One row for each message with files."""

    model, related = "holding.Approval", ("person", "department")

    def with_related(self, rows: Any) -> Any:
        return super().with_related(rows).prefetch_related("copies")


class FileApprovals(_Messages):
    """What waits for this person's departments, the soonest end first."""

    name, permission = "list_pending_approvals", "approvals.see"
    page = Page("holding/approvals/", "approvals")
    title, section, template = "File approvals", "Holding", "holding/approvals_waiting.html"
    caption, noun = "Messages with files that wait for an approval", "messages"
    empty, sort = "Nothing waits for your answer. What was answered is under Answered.", "until"
    columns = (
        Shown("files", "Files and subject", cell=_files_cell),
        Shown("subject", "Subject", cell=lambda r, request: _subject(r, request), csv_only=True),
        Shown("from", "From", "person", hint=lambda r: sender_hint(r), sort=("person__family", "pk"), name="from"),
        Shown("to", "To", cell=lambda r, _: _waiting_cell(r), name="to"),
        Shown("findings", "Look at", cell=_findings_cell),
        Shown("until", "Answer by", cell=_deadline_cell, sort=("ends", "made"), name="answer by"),
    )
    filters = (
        Filter("from", "From", ("person__family__icontains", "person__uid")),
        Filter("to", "Recipient", apply=_to),
        Filter("state", "State", apply=_in_state, choices=[("mine", "Waits for you")]),
    )

    def rows(self, request: ListRequest) -> Any:
        return in_own_departments(_in_state(super().rows(request), "waits", request), "department__code", request)

    def prepare(self, rows: Sequence[Approval], request: ListRequest) -> None:
        from civicmail.desk.holding import queries

        waiting = {row: [copy.address for copy in row.copies.all() if copy.state == "waits"] for row in rows}
        known = queries.earlier_requests({a for some in waiting.values() for a in some}, request.actor, request.now)
        for row, addresses in waiting.items():
            row.earlier = [known[address] for address in addresses]  # type: ignore[attr-defined]  # read by the column

    def page_links(self, request: ListRequest) -> list[Link]:
        from civicmail.desk.holding import tasks

        first = tasks.next_pending(request.actor)
        return [Link("Open the first", "approval", args=[first.pk], primary=True)] if first is not None else []

    def page_bulk(self, request: ListRequest) -> Bulk | None:
        acts = [("approve", "Approve…"), ("refuse", "Deny…")]
        return Bulk("approvals-together", acts) if request.actor.departments else None

    def context(self, request: ListRequest) -> dict[str, Any]:
        from civicmail.desk.holding import queries

        answers = queries.answered_today(request.actor, request.now)
        return {**_tabs("approvals"), "today": [_today_row(each, request) for each in answers]}


def _today_row(answered: Answered, request: ListRequest) -> dict[str, Any]:
    """For the template: what was answered, by whom, for whom."""
    from django.urls import reverse

    row, copy = answered.approval, answered.copies[0]
    by = "you" if copy.by is not None and copy.by.uid == request.actor.uid else str(copy.by)
    to = _first([each.address for each in answered.copies])
    shown = {"files": files_text(row, request), "subject": _subject(row, request), "url": reverse("approval", args=[row.pk])}
    return {**shown, "from": str(row.person), "to": to, "state": WORDS[copy.state], "by": by, "at": copy.at}


def _tabs(here: str) -> dict[str, Any]:
    """The three lists of file approvals, for the template. here: name of the URL of the present one."""
    from django.urls import reverse

    pages = (("Waiting", "approvals"), ("Answered", "approvals-report"), ("Standing", "standing-approvals"))
    return {"tabs": [(words, reverse(page), page == here) for words, page in pages]}


class ApprovalReport(List):
    """List decided files, newest first: of the departments one answers for, for auditors of all.

    One answer for one recipient. sha256: of the files that it is about; without: of those that do not leave although others
    do; own: of files that the sender decided about.
    """

    name, permission, model = "list_file_answers", "approvals.see", "holding.ApprovalCopy"
    related: tuple[str, ...] = ("approval__person", "approval__department", "by")
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
        Shown("files", "Files", cell=lambda c, request: _answered_files(c, request), name="files"),
        Shown("subject", "Subject", cell=lambda c, request: _subject(c.approval, request), csv_only=True),
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
        rows = super().rows(request).filter(at__isnull=False).exclude(state="gone")
        return in_own_departments(rows, "approval__department__code", request)

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


def _answered_files(copy: ApprovalCopy, request: ListRequest) -> Cell:
    """The files approved or denied: by name, else by SHA-256; after a partial approval also the others."""
    row, shows = copy.approval, _shows_summary(copy.approval, request)

    def name(number: int) -> str:
        _, kind, _, sha256 = row.parts[number - 1]
        return (row.name_of(number) if shows else "") or (f"link {sha256[:12]}" if kind == "link" else sha256[:12])

    leaving, staying = (", ".join(map(name, numbers)) for numbers in (copy.leave, copy.stay))
    text = "; ".join(part for part in (leaving, f"not {staying}" if staying else "") if part)
    return Cell(text, hint=_subject(row, request))


class MyFileApprovals(_Messages):
    """What of one's own files waits, and what became of it."""

    name, permission, translated = "list_my_approvals_page", "my.approvals", True
    page = Page("holding/approvals/mine/", "my-approvals")
    title, section, template = _("My file approvals"), _("My file approvals"), "holding/my_approvals.html"
    caption, empty = _("Messages with files that I sent"), _("Nothing that you sent had to wait for an approval.")
    noun, sort = _("messages"), "-made"
    columns = (
        Shown("files", _("Files and subject"), cell=_files_cell),
        Shown("subject", _("Subject"), cell=lambda r, request: _subject(r, request), csv_only=True),
        Shown("to", _("To"), cell=lambda r, _: _addresses(r), name=_("to")),
        Shown("state", _("State"), cell=lambda r, request: replace(_state_cell(r), acts=sender_acts(r, request))),
        Shown(
            "until", _("Answer by"), cell=lambda r, request: _own_deadline(r, request), sort=("ends", "made"), name=_("answer by")
        ),
        Time("made", _("Sent"), "received", sort=("received",), name=_("sent")),
    )
    filters = (Filter("state", _("State"), apply=_in_state, choices=[("mine", _("Waits for you")), *STATE_TABS]),)

    def resource(self, request: ListRequest) -> Resource:
        return OfPerson(request.actor.uid)

    def rows(self, request: ListRequest) -> Any:
        return super().rows(request).filter(person__uid=request.actor.uid)

    def context(self, request: ListRequest) -> dict[str, Any]:
        return {"tabs": [("", translate(_("All"))), *((state, translate(word)) for state, word in STATE_TABS)]}


def sender_acts(row: Approval, request: ListRequest) -> tuple[RowAct, ...]:
    """What its sender can do while it waits for another person; the page of the second says whether that is possible."""
    from django.urls import reverse

    from civicmail.desk.holding.actions.remind_approvers import may_remind

    if row.own or not row.capture or all(copy.state != "waits" for copy in row.copies.all()):
        return ()
    remind = RowAct(translate(_("Remind the approver")), reverse("mail-remind", args=[row.capture]), posts=True)
    text = RowAct(translate(_("Send the text without the files…")), reverse("mail-text", args=[row.capture]))
    return (*([remind] if may_remind(row, request.now) else []), *([text] if not row.links else []))


def _own_deadline(row: Approval, request: ListRequest) -> Cell:
    """While it waits."""
    return _deadline_cell(row, request) if any(copy.state == "waits" for copy in row.copies.all()) else Cell()


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
