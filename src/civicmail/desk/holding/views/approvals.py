"""May exactly these files leave, to exactly these recipients? What waits for a manager, and one of it ("/holding/approvals/")."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Case, Q, QuerySet, When
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.csp import csp_override

from civicmail.city.access.actions import looking
from civicmail.city.access.actors import Actor
from civicmail.city.access.forms import long
from civicmail.city.access.moments import ms
from civicmail.city.access.resources import OfPerson
from civicmail.city.access.views import listing
from civicmail.city.access.views.asked import Asked, acting, may, require
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Action, Page
from civicmail.city.access.views.trying import status_of, tried
from civicmail.core.sandbox.errors import Unreadable
from civicmail.desk.holding import approvers, files, parting
from civicmail.desk.holding.actions import approving
from civicmail.desk.holding.approvalstates import SAID
from civicmail.desk.holding.models import Approval, ApprovalCopy
from civicmail.desk.holding.views import mysubjects
from civicmail.desk.holding.views.approvalform import Answer
from civicmail.desk.mailbox.views.one import found
from civicmail.desk.viewer import downloads

CHOICES = [(state, word) for state, (_, word) in SAID.items()]


class Looked(forms.Form):
    """Of the next head, about somebody's own files."""

    reason = long("What do you say about it?", "At least 10 characters.", least=10)


@acting("approvals.see")
def listed(request: Asked) -> HttpResponseBase:
    """What waits for this person's departments, the oldest first, and what was answered: who approved what."""
    require(request, "approvals.see")
    rows = ApprovalCopy.objects.all()
    if not request.actor.holds("auditor"):
        rows = rows.filter(approval__department__code__in=request.actor.departments)
    rows = rows.annotate(over=Case(When(state="waits", then=0), default=1))
    acts = [Action("Who approved what?", reverse("approvals-report")), Action("Standing approvals", reverse("standing-approvals"))]
    page = Page("May these files leave?", "Approvals", actions=acts)
    found = listing.of(
        request,
        rows,
        caption="Files that wait for an approval, and what was said",
        columns=[
            Column("from", "From", lambda c: Cell(str(c.approval.person), _place(c.approval), hint=whose(c.approval))),
            Column("to", "To", lambda c: Cell(c.address, full=True), ("address",), name="to"),
            Column(
                "state", "State", lambda c: Cell(SAID[c.state][1], role=SAID[c.state][0], hint=_hint(c)), ("over", "approval__made")
            ),
            Column("files", "Files", lambda c: Cell(_count(c)), num=True, name="files"),
            Column("made", "Asked", lambda c: c.approval.made, ("approval__made",), name="asked"),
            Column("by", "Answered", lambda c: Cell(str(c.by) if c.by else "", hint=c.reason[:80]), ("by__family",), name="by"),
        ],
        filters=[
            Filter("state", "State", lambda q, v: q.filter(state=v), CHOICES),
            Filter("by", "Answered by", _by),
        ],
        empty="Nothing waits for you, and nothing was answered.",
        noun="copies",
        sort="state",
        slim=lambda q: q.select_related("approval__person", "approval__department", "by"),
    )
    return listing.shown(request, "access/list.html", found, {"page": page})


@acting("approvals.see")
def one(request: Asked, pk: int) -> HttpResponse:
    """The files, to whom, and the answer. Whoever sent them sees how it stands, and withdraws."""
    row = get_object_or_404(Approval.objects.select_related("person", "department", "seen_by"), pk=pk)
    now, about = ms(request.now), approvers.about(row)
    mine = request.actor.uid == row.person.uid
    if mine and not row.own:
        return _in_their_language(request, row)
    if not may(request, "approval.answer", about) and not may_follow(request, row):
        if not mine:
            require(request, "approvals.see")
            raise Http404
        return _in_their_language(request, row)
    waits = row.copies.filter(state="waits").exists()
    asks = waits and bool(may(request, "approval.answer", about))
    several = asks and parting.has_choice(row)
    loose = several and parting.is_loose(row)
    form = Answer(row, request.POST or None, loose=loose)
    if asks and request.method == "POST" and form.is_valid():
        done = tried(form, lambda: answered(row, form, actor=request.actor, now=now))
        if done is not None:
            messages.success(request, _said(done))
            return redirect(_place(row) if row.copies.filter(state="waits").exists() else _back(request))
    asks = asks and row.copies.filter(state="waits").exists()  # answered by somebody else while this was posted
    if request.method == "POST" and not asks:
        messages.warning(request, "Nothing of it waits for an answer any more, so yours was not recorded. How it stands is below.")
    shown = files.of(row, approving.look(row, actor=request.actor, now=now)) if asks else files.bare(row)
    form.named(shown)
    there = {**_page(request, row, form, shown, asks=asks), "whole": parting.WHOLE if several and not loose else ""}
    response = render(request, "holding/approval.html", there, status=status_of(form))
    response["Cache-Control"] = "private, no-store"
    return response


def may_follow(request: Asked, row: Approval) -> bool:
    """Whether this person sees how somebody else's files stand, without a say: of a head's own, deputies and those above; the
    records office what was said to answer a request; auditors all."""
    if may(request, "approval.look", approvers.about(row)):
        return True
    asked = request.actor.holds("records-officer") and row.copies.filter(state="records").exists()
    return asked or (request.actor.holds("auditor") and bool(may(request, "approvals.see")))


def answered(row: Approval, form: Answer, *, actor: Actor, now: int) -> list[ApprovalCopy]:
    """What a valid form says is done. Raises as approving.answer does."""
    (what, leave), c = form.said, form.cleaned_data
    return approving.answer(row, c["to"], what, actor=actor, reason=c["reason"], now=now, files=leave)


@acting("approvals.see")
@csp_override(downloads.CSP)
def part(request: Asked, pk: int, number: int) -> HttpResponse:
    """One of the files, as a download; asked for by a form, because it is an entry."""
    row = get_object_or_404(Approval.objects.select_related("person", "department"), pk=pk)
    if request.method != "POST":
        return redirect("approval", pk=pk)
    return as_file(row, number, actor=request.actor, now=ms(request.now))


def as_file(row: Approval, number: int, *, actor: Actor, now: int) -> HttpResponse:
    """One of its files, from 1, with the entry of that look. Raises Http404 where there is none, or none that can be read."""
    if not 0 < number <= len(row.parts):
        raise Http404
    permit = approving.look(row, actor=actor, now=now, part=row.parts[number - 1][0])
    try:
        name, content = files.content(row, permit, number - 1)
    except Unreadable:
        raise Http404 from None
    response = HttpResponse(content, headers=downloads.HEADERS)
    response["Content-Disposition"] = downloads.disposition(name, f"file-{number}")
    return response


@acting("approvals.see")
def sample(request: Asked, pk: int) -> HttpResponse:
    """The next head looks at what somebody decided about files of their own."""
    row = get_object_or_404(Approval.objects.select_related("person", "department"), pk=pk, sampled=True)
    require(request, "approval.sample", approvers.above(row))
    form = Looked(request.POST or None)

    def recorded() -> bool:
        approving.sample(row, actor=request.actor, reason=form.cleaned_data["reason"], now=ms(request.now))
        return True

    if request.method == "POST" and form.is_valid() and tried(form, recorded):
        messages.success(request, "Your look is recorded.")
        return redirect("approvals")
    looks = row.seen is None
    there = files.of(row, approving.look(row, actor=request.actor, now=ms(request.now))) if looks else files.bare(row)
    shown = {**_page(request, row, form, there, asks=False), "samples": looks, "opens": looks}
    return render(request, "holding/approval.html", shown, status=status_of(form))


@acting("my.approvals")
def mine(request: Asked) -> HttpResponseBase:
    """What of one's own waits, and what became of it."""
    require(request, "my.approvals", OfPerson(request.actor.uid))
    subjects = mysubjects.Subjects(request.actor, ms(request.now))
    found = listing.of(
        request,
        ApprovalCopy.objects.filter(approval__person__uid=request.actor.uid),
        caption=gettext("Files that I sent"),
        columns=[
            Column("to", gettext("To"), lambda c: Cell(c.address, _place(c.approval), full=True), ("address",)),
            Column("subject", gettext("Subject"), lambda c: Cell(subjects.of(c.approval))),
            Column("files", gettext("Files"), lambda c: Cell(_said_count(c)), num=True, name=gettext("Files")),
            Column(
                "state", gettext("State"), lambda c: Cell(gettext(SAID[c.state][1]), role=SAID[c.state][0], hint=c.reason[:120])
            ),
            Column("made", gettext("Sent"), lambda c: c.approval.received, ("approval__received",), name=gettext("sent")),
        ],
        empty=gettext("Nothing that you sent had to wait for an approval."),
        noun=gettext("copies"),
        sort="-made",
        slim=lambda q: q.select_related("approval", "by"),
    )
    return listing.shown(
        request, "access/list.html", found, {"page": Page(gettext("What became of my files?"), gettext("My files"))}
    )


@acting("my.approvals")
def of_message(request: Asked, capture: uuid.UUID) -> HttpResponse:
    """From a message to its question. Of a mailbox that several use whoever sent it has it, and the others hear who that is."""
    row = get_object_or_404(Approval.objects.select_related("person"), capture=str(capture))
    if row.person.uid == request.actor.uid:
        return redirect("approval", pk=row.pk)
    one = found(request, capture)
    if one.eye != "author":
        raise Http404
    with translation.override(getattr(request, "language", "en")):
        said = gettext("{who} sent it, and sees in My files how its files stand.").format(who=row.person)
    messages.info(request, said)
    return redirect("mail-delivery", id=one.id)


def _mine(request: Asked, row: Approval) -> HttpResponse:
    require(request, "my.approvals", OfPerson(row.person.uid))
    waits = [c.index for c in row.copies.all() if c.state == "waits"]
    if request.method == "POST":
        form = forms.Form(request.POST)
        done = tried(form, lambda: approving.withdraw(row, waits, actor=request.actor, now=ms(request.now)))
        went = row.copies.filter(state="approved").exists()
        said = gettext("It is withdrawn: nobody gets these files.")
        if went:
            said = gettext("It is withdrawn: nobody else gets these files.")
        messages.info(request, said if done else gettext("It was answered meanwhile."))
        return redirect("approval", pk=row.pk)
    subject = mysubjects.Subjects(request.actor, ms(request.now)).of(row)
    facts: list[tuple[str, Any]] = [(gettext("Subject"), subject), (gettext("Sent"), row.received)]
    facts += [(gettext("Answer by"), last_moment(row.ends))] if waits else []
    acts = []
    if mysubjects.can_open(request, row):
        acts = [Action(gettext("Open the message"), reverse("mail-message", args=[row.capture]))]
    page = Page(
        gettext("How do my files stand?"), gettext("Approval"), [(gettext("My files"), reverse("my-approvals"))], None, facts, acts
    )
    asked = [] if not waits else approvers.asked(row, ms(request.now))
    copies = copies_of(row)
    there = files.of_sender(row, looking.own(request.actor, now=ms(request.now))[0])
    shown = {"page": page, "row": row, "copies": copies, "waits": bool(waits), "asked": asked, "files": there}
    shown |= {"inside": bool(waits) and mysubjects.has_colleagues(request, row)}
    shown |= {"refused": any(copy.state in ("refused", "expired") for copy, _, _ in copies)}
    return render(request, "holding/my_approval.html", shown)


def _in_their_language(request: Asked, row: Approval) -> HttpResponse:
    """Whoever sent the files reads of them in a language of their own, although the address is one of managers."""
    with translation.override(getattr(request, "language", "en")):
        response = _mine(request, row)
        response.headers.setdefault("Content-Language", translation.get_language() or "en")
    return response


def _page(request: Asked, row: Approval, form: forms.Form, shown: list[files.Shown], *, asks: bool) -> dict[str, Any]:
    facts: list[tuple[str, Any]] = [
        ("From", str(row.person)),
        ("Department", row.department.name),
        ("Sent", row.received),
        ("Answer by", last_moment(row.ends)),
        *([("Asked", turns)] if (turns := approvers.turns(row, ms(request.now))) else []),
    ]
    states = {c.state for c in row.copies.all()}
    state = SAID["waits" if "waits" in states else next(iter(states), "gone")]
    back = _back(request)
    crumb = "Approvals" if may(request, "approvals.see") else "My files"
    page = Page("May these files leave?", "Approval", [(crumb, back)], state, facts)
    return {
        "page": page,
        "row": row,
        "form": form,
        "files": shown,
        "answered": [one for one in copies_of(row) if not asks or one[0].state != "waits"],
        "asks": asks,
        "opens": asks,
        "back": back,
    }


def _back(request: Asked) -> str:
    """The list that this person has: whoever was elected, and leads no department, answers only about files of their own."""
    return reverse("approvals" if may(request, "approvals.see") else "my-approvals")


def copies_of(row: Approval) -> list[tuple[ApprovalCopy, str, str]]:
    """Each with the role and the word of its state."""
    return [(c, SAID[c.state][0], gettext(SAID[c.state][1])) for c in row.copies.select_related("by")]


def last_moment(ends: datetime) -> datetime | date:
    """As a page says until when somebody may answer: of a midnight, which is the end of a day, that day."""
    local = timezone.localtime(ends)
    return local.date() - timedelta(days=1) if local.time() == time.min else ends


def _said(done: list[ApprovalCopy]) -> str:
    kept = next((c.kept for c in done if c.kept), "")
    if kept:
        return f"Your answer is recorded. Something else still keeps it: {kept}."
    if any(c.done is None for c in done):
        return "Your answer is recorded. It cannot be done at this moment; that is tried again every minute, without you."
    if done[0].without:
        return "Your answer is recorded. The files that you ticked are on their way, and the others stay here."
    return {
        "approved": "Your answer is recorded, and the files are on their way.",
        "records": "Your answer is recorded. It stays here, on hold, and the records office is told.",
    }.get(done[0].state, "Your answer is recorded, and the sender is told.")


def _place(row: Approval) -> str:
    return reverse("approval", args=[row.pk])


def whose(row: Approval) -> str:
    """The department, and of an office's mailbox that the one who is named only answers for it."""
    return f"{row.department.name}. {row.words}" if approvers.is_nobodys(row) else row.department.name


def _count(copy: ApprovalCopy) -> int | str:
    return f"{len(copy.parts)} of {len(copy.approval.parts)}" if copy.without else len(copy.parts)


def _said_count(copy: ApprovalCopy) -> int | str:
    """The same for whoever sent them, in the language of the page."""
    if not copy.without:
        return len(copy.parts)
    return gettext("{some} of {count}").format(some=len(copy.parts), count=len(copy.approval.parts))


def _hint(copy: ApprovalCopy) -> str:
    return f"kept by {copy.kept}" if copy.kept else ""


def _by(query: QuerySet[Any], wanted: str) -> QuerySet[Any]:
    return query.filter(Q(by__family__icontains=wanted) | Q(by__uid=wanted))
