"""Files of retention schedules: what each changed, and the form that puts another one into force (P-20)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.law import schedule_changes
from civicmail.city.law.schedules import Schedules
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.form_response import respond_to_form
from civicmail.city.pages.form_verb import status_of
from civicmail.city.pages.page import Page
from civicmail.city.pages.states import label
from civicmail.desk.retention.actions import schedules as verbs
from civicmail.desk.retention.acts.schedules import ADOPT_SCHEDULES, MAX_TEXT
from civicmail.desk.retention.queries import schedules as queries

SECTION = "Retention"


def crumbs() -> list[tuple[str, str]]:
    return [("Schedules", reverse("retention-schedules"))]


@acting("retention.see")
def files(request: CityRequest) -> HttpResponse:
    """Every file that was ever in force, newest first."""
    require(request, "retention.see")
    return render(
        request, "retention/files.html", {"page": Page("Files of schedules", SECTION, crumbs()), "versions": queries.versions()}
    )


@acting("retention.see")
def file(request: CityRequest, number: int) -> HttpResponse:
    """One file, and what it changed."""
    require(request, "retention.see")
    versions = queries.versions()
    version = next((v for v in versions if v.number == number), None)
    if version is None:
        raise Http404
    state = label("active" if version is versions[0] else "ended")
    here = [*crumbs(), ("Files of schedules", reverse("retention-schedule-files"))]
    page = Page(f"File {number} of schedules", SECTION, here, state, [("Adopted", version.at), ("By", version.by)])
    shown = {"page": page, "version": version, "changes": queries.differences(version, versions)}
    return render(request, "retention/file.html", shown)


class FileForm(forms.Form):
    """A file that is chosen, or its text."""

    file = forms.FileField(label="File", required=False, help_text="TOML, at most 60 kB.")
    text = forms.CharField(
        label="Or its text", required=False, max_length=MAX_TEXT, strip=False,
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false", "wrap": "off"}),
    )  # fmt: skip

    def schedules(self) -> tuple[str, Schedules] | None:
        """The text and what is in it; None with the errors in the form."""
        given = self.cleaned_data["file"]
        try:
            text = self.cleaned_data["text"] if given is None else given.read(MAX_TEXT + 1).decode()
            if not text.strip() or len(text) > MAX_TEXT:
                raise Unusable("Choose or paste a file of at most 60 kB.")
            return text, verbs.checked(text)
        except UnicodeDecodeError:
            self.add_error("file", "This is no text in UTF-8.")
        except Unusable as error:
            self.add_error("text" if given is None else "file", str(error.args[0]))
        return None


@acting("retention.schedule")
def adopt(request: CityRequest) -> HttpResponse:
    """Ask for a file; then show what it changes and what would become due, with the button that puts it into force."""
    require(request, "retention.schedule")
    if request.method == "POST" and "reason" in request.POST:
        return _adopted(request)
    present = queries.versions()
    start = {"text": present[0].text if present else ""}
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm(initial=start)
    if request.method == "POST" and form.is_valid() and (made := form.schedules()) is not None:
        return _compared(request, *made, queries.versions())
    shown = {
        "page": Page("Adopt schedules", SECTION, crumbs()),
        "form": form,
        "submit": "Show what it changes",
        "back": crumbs()[0][1],
    }
    return render(request, "retention/adopt.html", shown, status=status_of(form))


def _compared(request: CityRequest, text: str, new: Schedules, versions: list[queries.FileVersion]) -> HttpResponse:
    form = act_pages.form_of(ADOPT_SCHEDULES, None, request.actor, None)
    form.initial = {"text": text, "former": len(versions)}
    form.fields["text"].widget = forms.HiddenInput()
    shown = {"form": form, "back": reverse("retention-schedules-adopt"), **_context(request, new, versions)}
    return render(request, "retention/compared.html", shown)


def _context(request: CityRequest, new: Schedules, versions: list[queries.FileVersion]) -> dict[str, Any]:
    counts, now = queries.counts(), epoch_ms(request.now)
    old = versions[0].schedules if versions else None
    before = {f.class_: f for f in queries.forecast(old, counts, now)}
    rows = [(f, before[f.class_]) for f in queries.forecast(new, counts, now)]
    number = len(new.by_class)
    return {
        "page": Page(
            "Put these schedules into force?", SECTION, [*crumbs(), ("Adopt schedules", reverse("retention-schedules-adopt"))]
        ),
        "changes": schedule_changes.changes(old, new),
        "rows": rows,
        "counted": from_ms(counts.at) if counts is not None else None,
        "submit": f"Put {number} schedule{'' if number == 1 else 's'} into force",
    }


def _adopted(request: CityRequest) -> HttpResponse:
    form = act_pages.form_of(ADOPT_SCHEDULES, None, request.actor, request.POST)
    form.fields["text"].widget = forms.HiddenInput()
    form.fields["text"].strip = False  # type: ignore[attr-defined]  # of a CharField
    try:
        new = verbs.checked(str(request.POST.get("text", "")))
    except Unusable:
        new = None
    shown: dict[str, Any] = {"page": Page("Adopt schedules", SECTION, crumbs())}
    if new is not None:
        shown = _context(request, new, queries.versions())
    return respond_to_form(
        request,
        form,
        lambda: act_pages.carry_out(ADOPT_SCHEDULES, None, form, request.actor, epoch_ms(request.now)),
        page=shown.pop("page"),
        back=reverse("retention-schedules-adopt"),
        to=reverse("retention-schedules"),
        message=lambda done: ADOPT_SCHEDULES.message(None, done),
        template="retention/compared.html",
        **shown,
    )
