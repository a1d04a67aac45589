"""Pages of leavers: confirm the departure, decide about the mail, follow the end of access at each entry point (P-08; L4, L6)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import F, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from civicmail.city.access.authorization_states import LIVING
from civicmail.city.access.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.access.forms import PersonField, day_field, end_of_day, set_choices, text_field
from civicmail.city.access.models import Authorisation
from civicmail.city.access.queries.actors import about_mailbox, about_person
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views import listing
from civicmail.city.access.views.city_request import CityRequest, acting, may, require
from civicmail.city.access.views.form_verb import run_verb, status_of
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Action, Page
from civicmail.city.access.views.roster import department_of
from civicmail.city.conduct.actions import leavers as verbs
from civicmail.city.conduct.external_account_states import WORDS
from civicmail.city.conduct.models import Leaver
from civicmail.city.conduct.queries import closures, external_systems, leavers
from civicmail.city.directory.models import Department, Mailbox


class Answering(forms.Form):
    """Nothing is chosen before the department chooses."""

    choice = forms.ChoiceField(
        label="What happens to mail for this person?",
        choices=list(leavers.CHOICES.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the answers."},
    )
    to = forms.ChoiceField(
        label="Which function mailbox?", required=False, help_text="For the second answer. One of this department."
    )
    successor = PersonField(
        label="Who succeeds?",
        required=False,
        help_text="For the third answer: personnel number or address. Somebody else approves it, and each look is recorded.",
    )
    text = text_field(
        "What do people hear who write?",
        "For the first answer; with the others, too, where you want it. Say whom to write to instead.",
        max_length=4000, rows=4, required=False,
    )  # fmt: skip
    until = day_field("Until which day?", "It ends by itself, within a year. Not needed for the last answer.", required=False)
    reason = text_field("Reason", "At least 20 characters. It is kept for ever.", min_length=20)

    def __init__(self, boxes: list[Mailbox], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "to", [("", "Choose"), *((str(box.pk), box.address) for box in boxes)])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        needed = {"reply": "text", "forward": "to", "successor": "successor"}.get(data.get("choice") or "")
        if needed and not data.get(needed) and needed not in self.errors:
            self.add_error(needed, "This answer needs it.")
        if needed and not data.get("until") and "until" not in self.errors:
            self.add_error("until", "Say until which day.")
        return data


@acting("roster.see")
def of_department(request: CityRequest, department: str) -> HttpResponseBase:
    """Leavers of a department, the newest first."""
    where = department_of(department)
    require(request, "roster.see", InDepartment(where.code))
    now = epoch_ms(request.now)

    def state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        open_ = leavers.open_rows(now).values("pk")
        if value == "red":
            return rows.filter(pk__in=open_, told__lte=from_ms(now - DAY_MS))
        return rows.filter(pk__in=open_) if value == "open" else rows.filter(choice=value)

    table = listing.from_query(
        request,
        leavers.of_departments([where.code]),
        caption=f"People who left {where.name}",
        columns=[
            Column("person", "Person", lambda r: _person_cell(r, where), ("ending__person__family", "ending__person__given")),
            Column("ended", "Access ended", lambda r: r.ending.when, ("ending__when",), name="ended"),
            Column("state", "Mail", lambda r: _state_cell(r, now), ("choice",)),
            Column("by", "Answered by", lambda r: str(r.person or ""), name="answered by"),
        ],
        filters=[
            Filter("q", "Person", lambda rows, value: rows.filter(ending__person__display__icontains=value)),
            Filter(
                "state", "State", state, [("open", "to be confirmed"), ("red", "not confirmed in time"), *leavers.CHOICES.items()]
            ),
        ],
        empty="Nobody's access has ended yet. Whoever leaves is shown here, and you decide what happens to the mail.",
        noun="people",
        sort="-ended",
    )
    page = Page("Who left, and what happens to the mail?", where.name, [(f"{where.name}: people", _people(where))])
    return listing.render_list(request, "access/list.html", table, {"page": page})


def _people(where: Department) -> str:
    return reverse("people", args=[where.code])


def _person_cell(row: Leaver, where: Department) -> Cell:
    return Cell(str(row.ending.person), reverse("left", args=[where.code, row.pk]), hint=row.mailbox.address)


def _state_cell(row: Leaver, now: int) -> Cell:
    role, words = leavers.state(row, now)
    return Cell(words, role=role)


@acting("roster.see")
def one(request: CityRequest, department: str, pk: int) -> HttpResponse:
    """One leaver: entry points, mail, account."""
    where = department_of(department)
    require(request, "roster.see", InDepartment(where.code))
    row = get_object_or_404(leavers.of_departments([where.code]), pk=pk)
    who, now = row.ending.person, epoch_ms(request.now)
    about = about_person(who)
    gone = leavers.is_gone(row, now)
    form = None
    if request.method == "POST":
        require(request, "leaver.answer", about)
    if gone and may(request, "leaver.answer", about):
        boxes = Mailbox.objects.filter(department=where, kind="function", closed__isnull=True).order_by("address")
        form = Answering(list(boxes), request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid() and run_verb(form, lambda: _answer(request, row, form)) is not None:
            return redirect("left", department=where.code, pk=row.pk)
    elsewhere = external_systems.endings().filter(account__person=who, ending=row.ending).annotate(name=F("account__door__name"))
    shown = {
        "page": _page(request, row, where, gone=gone), "row": row, "form": form, "gone": gone,
        "steps": row.ending.steps.all(), "choice": leavers.CHOICES.get(row.choice, ""),
        "outside": [(e, WORDS[e.state], may(request, "outside.confirm", external_systems.about(e))) for e in elsewhere],
        "rights": Authorisation.objects.filter(mailbox=row.mailbox, role="successor", state__in=LIVING).select_related("person"),
        "replies": row.mailbox.replies.filter(ended__isnull=True), "ways": row.mailbox.forwardings.filter(ended__isnull=True),
    }  # fmt: skip
    return render(request, "conduct/leaver.html", shown, status=status_of(form) if form else 200)


def _answer(request: CityRequest, row: Leaver, form: Answering) -> Leaver:
    c = form.cleaned_data
    to = Mailbox.objects.filter(pk=c["to"]).first() if c["to"] else None
    return verbs.answer(
        row, c["choice"], text=c["text"], to=to, successor=c["successor"], until=end_of_day(c["until"]) if c["until"] else 0,
        actor=request.actor, reason=c["reason"], now=epoch_ms(request.now),
    )  # fmt: skip


def _page(request: CityRequest, row: Leaver, where: Department, *, gone: bool) -> Page:
    now, who = epoch_ms(request.now), row.ending.person
    facts: list[tuple[str, Any]] = [("Access ended", row.ending.when), ("Mailbox", row.mailbox.address)]
    if row.answered:
        facts += [("Answered", row.answered), ("By", str(row.person))]
    actions = [Action("Every door, with its time", reverse("ending", args=[row.ending_id]))]
    closing = closures.of_mailbox(row.mailbox_id)
    if closing is not None:
        actions.insert(0, Action("The account", reverse("closure", args=[closing.pk])))
    elif gone and row.choice and may(request, "account.close", about_mailbox(row.mailbox)):
        actions.insert(0, Action("Close the account…", reverse("closure-new", args=[where.code, row.pk])))
    crumbs = [(f"{where.name}: who left", reverse("leavers", args=[where.code]))]
    return Page(f"{who} left", where.name, crumbs, leavers.state(row, now), facts, actions)
