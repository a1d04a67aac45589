"""Stop an attack at once: by one property, for at most three days, counted before it is saved, ratified afterwards."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.errors import Unusable
from civicmail.city.access.forms import text_field
from civicmail.city.access.views import listing
from civicmail.city.access.views.city_request import CityRequest, acting, may, require
from civicmail.city.access.views.form_response import CONFIRM_TEMPLATE, respond_to_form
from civicmail.city.access.views.form_verb import run_verb, status_of
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Action, Page
from civicmail.desk.oversight import emergencies, emergency_count
from civicmail.desk.oversight.actions import emergencies as verbs
from civicmail.desk.oversight.emergency_count import Counted
from civicmail.desk.oversight.models import Emergency
from civicmail.desk.oversight.queries import emergencies as queries
from civicmail.desk.oversight.queries.rules import history
from civicmail.desk.oversight.views.decide_rule_page import Answer
from civicmail.desk.oversight.views.rules import DONE, LIST
from civicmail.desk.viewer.queries import store
from civicmail.mail.screening.enabled_checks import is_screened

HERE = ("Emergency rules", "/policy/emergencies/")
HOURS = [("4", "4 hours"), ("24", "24 hours"), ("48", "48 hours"), ("72", "72 hours")]
KEPT = ("kind", "value", "do", "hours", "reason")


class EmergencyForm(forms.Form):
    """Nothing about what to do is preselected."""

    kind = forms.ChoiceField(
        label="By what is it known?",
        choices=[(k, f"{kind.name}. {kind.hint}") for k, kind in emergencies.KINDS.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one."},
    )
    value = forms.CharField(label="Which one?", max_length=emergencies.MAX_VALUE, help_text="Exactly as it is in the mail.")
    do = forms.ChoiceField(
        label="What is done with it?",
        choices=list(emergencies.DOS.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one."},
    )
    hours = forms.TypedChoiceField(label="For how long?", coerce=int, choices=HOURS, initial="24", widget=forms.RadioSelect)
    reason = text_field(
        "What happens?", "At least 10 characters. A second person reads it, and it is kept for ever.", min_length=10
    )

    def clean_value(self) -> str:
        """As it is kept; what stops too much, or the city itself, is not taken."""
        kind = self.cleaned_data.get("kind")
        if not kind:
            return str(self.cleaned_data["value"])
        try:
            return emergencies.cleaned(kind, self.cleaned_data["value"], tuple(settings.CITY.city.domains))
        except Unusable as error:
            raise forms.ValidationError(error.fields["value"]) from None


class ReasonForm(forms.Form):
    """ratified: as it was shown."""

    reason = text_field("Reason", "At least 10 characters.", min_length=10)


@acting("rules.see")
def listed(request: CityRequest) -> HttpResponseBase:
    """The newest first."""
    require(request, "rules.see")
    now = epoch_ms(request.now)
    table = listing.from_query(
        request,
        Emergency.objects.all(),
        caption="Emergency rules",
        columns=[
            Column("rule", "Rule", lambda e: Cell(str(e), reverse("emergency", args=[e.pk])), ("id",)),
            Column("state", "State", lambda e: _state(e, now)),
            Column("what", "Stops", lambda e: Cell(e.value, hint=emergencies.KINDS[e.kind].name, full=True)),
            Column("do", "Does", lambda e: DONE[e.do], name="does"),
            Column("officer", "By", lambda e: str(e.officer), name="by"),
            Column("at", "Since", lambda e: e.at, ("at",), name="since"),
            Column("until", "Until", lambda e: e.ended or e.until, ("until",), name="until"),
        ],
        filters=[Filter("state", "State", lambda rows, v: _filtered(rows, v, now), [("acts", "In force"), ("over", "Ended")])],
        empty="Nothing was ever stopped by an emergency rule.",
        noun="emergency rules",
        sort="-rule",
        slim=lambda rows: rows.select_related("officer"),
    )
    actions = [Action("Stop an attack…", reverse("emergency-new"), primary=True)] if may(request, "emergency.make") else []
    page = Page("What is stopped at once?", "Emergency rules", [LIST], actions=actions)
    return listing.render_list(request, "access/list.html", table, {"page": page})


@acting("emergency.make")
def new(request: CityRequest) -> HttpResponse:
    """What is wanted; then how many messages of the last days it would have stopped; then it acts."""
    require(request, "emergency.make")
    data = request.POST if request.method == "POST" else None
    form = EmergencyForm(data)
    if data is None:  # what has come from a page that named it is filled in; what to do is not
        form = EmergencyForm(initial={name: request.GET[name][:300] for name in ("kind", "value") if name in request.GET})
    if data is None or data.get("go") == "change" or not form.is_valid():
        if data is not None and data.get("go") == "change":
            form = EmergencyForm(initial={name: data.get(name, "") for name in KEPT})
        return _form_page(request, form)
    c = form.cleaned_data
    screened = is_screened(settings.CITY.screening)
    if c["kind"] not in emergencies.ENVELOPE and not screened:
        form.add_error("kind", "Nobody looks into messages here (screening.checks), so only a sender or a domain can be stopped.")
        return _form_page(request, form)
    counted = emergency_count.count(store().data, c["kind"], c["value"], c["do"], epoch_ms(request.now), screened=screened)
    if data.get("go") == "act":
        made = run_verb(
            form,
            lambda: verbs.make(
                c["kind"], c["value"], c["do"], c["hours"], touched=counted.touched, actor=request.actor, reason=c["reason"],
                now=epoch_ms(request.now),
            ),
        )  # fmt: skip
        if made is not None:
            return redirect("emergency", pk=made.pk)
        return _form_page(request, form)
    return _preview_page(request, form, counted)


@acting("rules.see")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """One emergency rule, and what may be done with it."""
    require(request, "rules.see")
    row = _detail(pk)
    now = epoch_ms(request.now)
    waits = row.ratified == "due" and row.ended is None and now < epoch_ms(row.ratify_by)
    second = may(request, "emergency.decide", verbs.resource(row))
    actions = []
    if waits and second:
        actions.append(Action("Answer it", reverse("emergency-decide", args=[pk]), primary=True))
    if row.ended is None and (second or (request.actor.uid == row.officer.uid and may(request, "emergency.make"))):
        actions.append(Action("End it…", reverse("emergency-stop", args=[pk])))
    facts: list[tuple[str, Any]] = [
        ("Does", DONE[row.do].lower()),
        ("By", str(row.officer)),
        ("Ends" if row.ended is None else "Ended", row.ended or row.until),
    ]
    page = Page(str(row), "Emergency rules", [LIST, HERE], _state(row, now, cell=False), facts, actions)
    shown = {"page": page, "e": row, "kind": emergencies.KINDS[row.kind], "waits": waits, "events": history(str(row))}
    screened = is_screened(settings.CITY.screening)
    shown["condition"] = emergencies.when(row.kind, row.value, screened=screened or row.kind not in emergencies.ENVELOPE)
    return render(request, "oversight/emergency.html", shown)


@acting("emergency.decide")
def decide(request: CityRequest, pk: int) -> HttpResponse:
    """A second person says whether it was right."""
    row = _detail(pk)
    require(request, "emergency.decide", verbs.resource(row))
    form = Answer(request.POST or None, initial={"revision": 0})
    field = form.fields["decision"]
    assert isinstance(field, forms.ChoiceField)
    field.choices = [("approve", "It was right: it acts until its end"), ("refuse", "It was wrong: it ends now")]

    def verb() -> Emergency:
        c = form.cleaned_data
        answer = verbs.ratify if c["decision"] == "approve" else verbs.reject
        return answer(row, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))

    shown = [f"{emergencies.KINDS[row.kind].name}: {row.value}", f"By {row.officer}: “{row.reason}”"]
    return respond_to_form(
        request, form, verb, page=Page(f"Was {row} right?", "Emergency rules", [LIST, HERE]), template=CONFIRM_TEMPLATE,
        back=reverse("emergency", args=[pk]), message="Your answer is recorded.",
        effects=[*shown, f"It would have stopped {row.touched:,} messages of the days before."],
        stays=["Nothing makes it longer than it is."], verb="Record decision",
    )  # fmt: skip


@acting("rules.see")
def stop(request: CityRequest, pk: int) -> HttpResponse:
    """Before its time, by whoever made it or a second person."""
    row = _detail(pk)
    own = request.actor.uid == row.officer.uid
    require(request, "emergency.make" if own else "emergency.decide", verbs.resource(row))
    form = ReasonForm(request.POST or None)
    held = ["What it has kept back goes on through the checks."] if row.do == "quarantine" else []
    return respond_to_form(
        request,
        form,
        lambda: verbs.stop(row, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)),
        page=Page(f"End {row} now?", "Emergency rules", [LIST, HERE]),
        back=reverse("emergency", args=[pk]),
        template=CONFIRM_TEMPLATE,
        message="It has ended.",
        effects=["Mail that it stopped comes in again.", *held],
        verb="End 1 emergency rule now",
    )


def _detail(pk: int) -> Emergency:
    return get_object_or_404(Emergency.objects.select_related("officer", "approver"), pk=pk)


def _form_page(request: CityRequest, form: EmergencyForm) -> HttpResponse:
    page = Page("What has to be stopped now?", "Emergency rules", [LIST, HERE])
    return render(request, "oversight/stopping.html", {"page": page, "form": form, "back": HERE[1]}, status=status_of(form))


def _preview_page(request: CityRequest, form: EmergencyForm, counted: Counted) -> HttpResponse:
    c = form.cleaned_data
    rows = [
        ("Stopped", f"{emergencies.KINDS[c['kind']].name}: {c['value']}", "value"),
        ("What is done", emergencies.DOS[c["do"]], "do"),
        ("For", f"{c['hours']} hours", "hours"),
        ("Reason", c["reason"], "reason"),
    ]
    page = Page("Stop this now?", "Emergency rules", [LIST, HERE])
    hidden = [(name, c[name]) for name in KEPT]
    shown = {"page": page, "form": form, "counted": counted, "rows": rows, "hidden": hidden, "back": HERE[1]}
    return render(request, "oversight/stopping.html", shown)


def _state(row: Emergency, now: int, *, cell: bool = True) -> Any:
    if row.ended is not None:
        shown_state = ("stop", "Ended: not ratified") if row.ratified == "overdue" else ("quiet", "Ended")
        shown_state = ("stop", "Ended: found wrong") if row.ratified == "rejected" else shown_state
    elif now >= epoch_ms(row.until):
        shown_state = ("quiet", "Ends now")
    else:
        shown_state = ("done", "In force") if row.ratified == "ratified" else ("warn", "In force, to be ratified")
    return Cell(shown_state[1], role=shown_state[0]) if cell else shown_state


def _filtered(rows: Any, choice: str, now: int) -> Any:
    return queries.in_force(now) if choice == "acts" else rows.filter(ended__isnull=False)
