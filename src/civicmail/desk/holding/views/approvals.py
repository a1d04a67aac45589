"""File approvals: requests that wait for a manager, and the decision on one ("/holding/approvals/")."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.actions import content_views
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.lists import ListRequest
from civicmail.city.pages.page import Action, Page
from civicmail.core.redaction.errors import NotConverted
from civicmail.core.sandbox.errors import Unreadable
from civicmail.desk.holding import approval_files, approvers, partial_approval, queries, tasks
from civicmail.desk.holding.actions import approval_decisions
from civicmail.desk.holding.acts.approvals import RECORD_LOOK
from civicmail.desk.holding.approval_states import WORDS
from civicmail.desk.holding.lists.approvals import counted, sender_acts
from civicmail.desk.holding.models import Approval, ApprovalCopy
from civicmail.desk.holding.views import sent_message
from civicmail.desk.holding.views.approval_form import DecisionForm
from civicmail.desk.mailbox.views.mark_mail import next_url
from civicmail.desk.mailbox.views.opened_message import open_message
from civicmail.desk.viewer import downloads

MAX_RECIPIENTS = 20
"""Whose earlier requests are told beside a decision."""


@acting("approvals.see")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """Show the files, the recipients and the decision form. Their sender sees the state, and may withdraw."""
    row = get_object_or_404(Approval.objects.select_related("person", "department", "seen_by"), pk=pk)
    now, resource = epoch_ms(request.now), approvers.resource(row)
    is_sender = request.actor.uid == row.person.uid
    if is_sender and not row.own:
        return _in_sender_language(request, row)
    if not may(request, "approval.answer", resource) and not may_follow(request, row):
        if not is_sender:
            require(request, "approvals.see")
            raise Http404
        return _in_sender_language(request, row)
    waits = row.copies.filter(state="waits").exists()
    may_decide = waits and bool(may(request, "approval.answer", resource))
    has_choice = may_decide and partial_approval.has_choice(row)
    separable = has_choice and partial_approval.is_separable(row)
    form = DecisionForm(row, request.POST or None, separable=separable)
    if may_decide and request.method == "POST" and form.is_valid():
        copies = run_verb(form, lambda: decide(row, form, actor=request.actor, now=now))
        if copies is not None:
            return _after_answer(request, row, copies)
    if request.method == "POST":
        may_decide = may_decide and row.copies.filter(state="waits").exists()  # another person answered meanwhile
    if request.method == "POST" and not may_decide:
        messages.warning(request, "Nothing of it waits for an answer any more, so yours was not recorded. How it stands is below.")
    shown = (
        approval_files.with_pages(row, approval_decisions.permit_to_view(row, actor=request.actor, now=now))
        if may_decide
        else approval_files.without_names(row)
    )
    form.name_files(shown)
    page = _page(request, row, form, shown, asks=may_decide)
    context = {
        **page,
        "next": _next(request, row),
        "whole": partial_approval.NOT_SEPARABLE if has_choice and not separable else "",
        **(_recipients(request, page["waiting"]) if may_decide else {}),
    }
    response = render(request, "holding/approval.html", context, status=status_of(form))
    response["Cache-Control"] = "private, no-store"
    return response


def _after_answer(request: CityRequest, row: Approval, copies: list[ApprovalCopy]) -> HttpResponse:
    """The same page while other recipients wait, else the next message that waits, else the list; with what was decided."""
    if row.copies.filter(state="waits").exists():
        messages.success(request, result_text(copies))
        return redirect(_url(row))
    messages.success(
        request, format_html('{} <a href="{}">{}</a>', result_text(copies), _url(row), f"Show {row.name_of(1) or counted(row)}")
    )
    following = tasks.next_pending(request.actor, besides=row.pk)
    return redirect(_url(following) if following is not None else _list_url(request))


def _next(request: CityRequest, row: Approval) -> dict[str, str] | None:
    """The message to answer after this one: URL and words."""
    following = tasks.next_pending(request.actor, besides=row.pk)
    if following is None:
        return None
    return {"url": _url(following), "words": f"{following.name_of(1) or counted(following)} from {following.person}"}


def _recipients(request: CityRequest, waiting: list[ApprovalCopy]) -> dict[str, Any]:
    """Each recipient that waits with what became of earlier requests for it."""
    addresses = list(dict.fromkeys(copy.address for copy in waiting))
    shown = addresses[:MAX_RECIPIENTS]
    earlier = queries.earlier_requests(shown, request.actor, epoch_ms(request.now))
    has_report = bool(request.actor.departments)
    answers = reverse("approvals-report")
    recipients = [
        {
            "address": address,
            "sentence": earlier[address].sentence,
            "is_new": earlier[address].last is None,
            "url": f"{answers}?{urlencode({'to': address})}" if has_report and earlier[address].last is not None else "",
        }
        for address in shown
    ]
    return {"recipients": recipients, "more_recipients": len(addresses) - len(shown)}


def may_follow(request: CityRequest, row: Approval) -> bool:
    """Whether this person may see the state of another's files without a decision: deputies and heads above see a head's own; the
    records office sees those declared an answer to a records request; auditors see all."""
    if may(request, "approval.look", approvers.resource(row)):
        return True
    is_records_officer = request.actor.holds("records-officer") and row.copies.filter(state="records").exists()
    return is_records_officer or (request.actor.holds("auditor") and bool(may(request, "approvals.see")))


def decide(row: Approval, form: DecisionForm, *, actor: Actor, now: int) -> list[ApprovalCopy]:
    """Execute the decision of a valid form. Raises as approving.answer does."""
    (what, leave), cleaned = form.decision, form.cleaned_data
    return approval_decisions.decide(row, cleaned["to"], what, actor=actor, reason=cleaned["reason"], now=now, files=leave)


@acting("approvals.see")
@csp_override(downloads.CSP)
def download_file(request: CityRequest, pk: int, number: int) -> HttpResponse:
    """Download one of the files; by POST, because it writes an entry."""
    row = get_object_or_404(Approval.objects.select_related("person", "department"), pk=pk)
    if request.method != "POST":
        return redirect("approval", pk=pk)
    return file_response(row, number, actor=request.actor, now=epoch_ms(request.now))


def file_response(row: Approval, number: int, *, actor: Actor, now: int) -> HttpResponse:
    """One of its files, from 1, with the entry of this content view. Raises Http404 for a missing or unreadable one."""
    if not 0 < number <= len(row.parts):
        raise Http404
    permit = approval_decisions.permit_to_view(row, actor=actor, now=now, part=row.parts[number - 1][0])
    try:
        name, content = approval_files.content(row, permit, number - 1)
    except Unreadable:
        raise Http404 from None
    response = HttpResponse(content, headers=downloads.HEADERS)
    response["Content-Disposition"] = downloads.disposition(name, f"file-{number}")
    return response


@acting("approvals.see")
@require_GET
def page_picture(request: CityRequest, pk: int, number: int, page: int) -> HttpResponse:
    """A page of one of the files as a picture, drawn by a sandboxed process; `?small` for a thumbnail."""
    row = get_object_or_404(Approval.objects.select_related("person", "department"), pk=pk)
    if not 0 < number <= len(row.parts) or not 0 < page <= approval_files.MAX_PAGES:
        raise Http404
    permit = approval_decisions.permit_to_view(row, actor=request.actor, now=epoch_ms(request.now), part=row.parts[number - 1][0])
    dpi = approval_files.THUMBNAIL_DPI if "small" in request.GET else approval_files.PAGE_DPI
    try:
        image = approval_files.picture(row, permit, number - 1, page - 1, dpi=dpi)
    except (NotConverted, Unreadable):
        raise Http404 from None
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}
    return HttpResponse(image, content_type="image/png", headers=headers)


@acting("approvals.see")
def sample(request: CityRequest, pk: int) -> HttpResponse:
    """Record the next head's review of a decision on own files."""
    row = act_pages.permitted_row(RECORD_LOOK, request, pk)
    if not row.sampled:
        raise Http404
    form, now = act_pages.form_of(RECORD_LOOK, row, request.actor, request.POST or None), epoch_ms(request.now)
    is_sent = request.method == "POST" and form.is_valid()
    if is_sent and run_verb(form, lambda: act_pages.carry_out(RECORD_LOOK, row, form, request.actor, now)):
        messages.success(request, RECORD_LOOK.success_message)
        return redirect("approvals")
    is_open = row.seen is None
    shown_files = (
        approval_files.with_pages(row, approval_decisions.permit_to_view(row, actor=request.actor, now=epoch_ms(request.now)))
        if is_open
        else approval_files.without_names(row)
    )
    shown = {**_page(request, row, form, shown_files, asks=False), "samples": is_open, "opens": is_open}
    return render(request, "holding/approval.html", shown, status=status_of(form))


@acting("my.approvals")
def of_message(request: CityRequest, capture: uuid.UUID) -> HttpResponse:
    """Redirect to the approval of a message. In a shared mailbox only its sender sees it; others see who that is."""
    row = get_object_or_404(Approval.objects.select_related("person"), capture=str(capture))
    if row.person.uid == request.actor.uid:
        return redirect("approval", pk=row.pk)
    message = open_message(request, capture)
    if message.eye != "author":
        raise Http404
    with translation.override(getattr(request, "language", "en")):
        notice = gettext("{who} sent it, and sees in My files how its files stand.").format(who=row.person)
    messages.info(request, notice)
    return redirect("mail-delivery", id=message.id)


def _my_files(request: CityRequest, row: Approval) -> HttpResponse:
    require(request, "my.approvals", OfPerson(row.person.uid))
    waits = [c.index for c in row.copies.all() if c.state == "waits"]
    if request.method == "POST":
        form = forms.Form(request.POST)
        chosen = [index for index in waits if str(index) in request.POST.getlist("to", [str(index)])]
        done = run_verb(form, lambda: approval_decisions.withdraw(row, chosen, actor=request.actor, now=epoch_ms(request.now)))
        has_left = row.copies.filter(state="approved").exists()
        notice = gettext("Withdrawn. No recipient gets these files.")
        if has_left:
            notice = gettext("Withdrawn. No further recipient gets these files.")
        if done and len(done) < len(waits):
            notice = gettext("Withdrawn. {address} does not get it.").format(address=done[0].address)
        messages.info(request, notice if done else gettext("Not saved: it was answered already."))
        return redirect(next_url(request, reverse("approval", args=[row.pk])))
    facts: list[tuple[str, Any]] = [(gettext("Subject"), row.subject), (gettext("Sent"), row.received)]
    facts += [(gettext("Answer by"), deadline(row.ends))] if waits else []
    actions = []
    if sent_message.can_open(request, row):
        actions = [Action(gettext("Open the message"), reverse("mail-message", args=[row.capture]))]
    page = Page(
        gettext("My file approvals"),
        gettext("Approval"),
        [(gettext("My file approvals"), reverse("my-approvals"))],
        None,
        facts,
        actions,
    )
    current_approvers = [] if not waits else approvers.current_approvers(row, epoch_ms(request.now))
    copies = copies_of(row)
    files_shown = approval_files.for_sender(row, content_views.own(request.actor, now=epoch_ms(request.now))[0])
    shown = {"page": page, "row": row, "copies": copies, "waits": bool(waits), "asked": current_approvers, "files": files_shown}
    shown |= {"inside": bool(waits) and sent_message.has_colleagues(request, row)}
    shown |= {"row_acts": sender_acts(row, ListRequest(request.actor, epoch_ms(request.now)))}
    shown |= {"refused": any(copy.state in ("refused", "expired") for copy, _, _ in copies)}
    return render(request, "holding/my_approval.html", shown)


def _in_sender_language(request: CityRequest, row: Approval) -> HttpResponse:
    """Whoever sent the files reads of them in a language of their own, although the address is one of managers."""
    with translation.override(getattr(request, "language", "en")):
        response = _my_files(request, row)
        response.headers.setdefault("Content-Language", translation.get_language() or "en")
    return response


def _page(
    request: CityRequest, row: Approval, form: forms.Form, shown: list[approval_files.ApprovalFile], *, asks: bool
) -> dict[str, Any]:
    subject = [("Subject", row.subject)] if row.subject and approvers.may_see_summary(row, request.actor) else []
    facts: list[tuple[str, Any]] = [
        ("From", str(row.person)),
        *subject,
        ("Sent", row.received),
        ("Answer by", deadline(row.ends)),
        *([("Asked", turns)] if (turns := approvers.turn_text(row, epoch_ms(request.now))) else []),
    ]
    copies = copies_of(row)
    states = {c.state for c, _, _ in copies}
    state = WORDS["waits" if "waits" in states else next(iter(states), "gone")]
    back = _list_url(request)
    crumb = "File approvals" if may(request, "approvals.see") else "My file approvals"
    waiting = [c for c, _, _ in copies if c.state == "waits"]
    title = (
        f"Approve {counted(row)} for {len(waiting)} {'recipient' if len(waiting) == 1 else 'recipients'}?"
        if asks
        else f"Files from {row.person}"
    )
    page = Page(title, "File approvals", [(crumb, back)], state, facts)
    return {
        "page": page,
        "row": row,
        "form": form,
        "files": shown,
        "waiting": waiting,
        "counted": counted(row),
        "answered": [entry for entry in copies if not asks or entry[0].state != "waits"],
        "asks": asks,
        "opens": asks,
        "back": back,
    }


def _list_url(request: CityRequest) -> str:
    """The URL of this person's list: elected officials without a department decide only on files of their own."""
    return reverse("approvals" if may(request, "approvals.see") else "my-approvals")


def copies_of(row: Approval) -> list[tuple[ApprovalCopy, str, str]]:
    """Each copy with the color role and the word of its state."""
    return [(c, *WORDS[c.state]) for c in row.copies.select_related("by")]


def deadline(ends: datetime) -> datetime | date:
    """The deadline for an answer as pages show it: midnight, the end of a day, is shown as that day."""
    local = timezone.localtime(ends)
    return local.date() - timedelta(days=1) if local.time() == time.min else ends


def result_text(copies: list[ApprovalCopy]) -> str:
    """What became of the copies that were answered."""
    kept = next((c.kept for c in copies if c.kept), "")
    if kept:
        return f"Your answer is recorded. Something else still keeps it: {kept}."
    if any(c.done is None for c in copies):
        return "Your answer is recorded. It cannot be done at this moment; that is tried again every minute, without you."
    if copies[0].without:
        return "Your answer is recorded. The files that you ticked are on their way, and the others stay here."
    return {
        "approved": "Your answer is recorded, and the files are on their way.",
        "records": "Your answer is recorded. It stays here, on hold, and the records office is told.",
    }.get(copies[0].state, "Your answer is recorded, and the sender is told.")


def _url(row: Approval) -> str:
    return reverse("approval", args=[row.pk])
