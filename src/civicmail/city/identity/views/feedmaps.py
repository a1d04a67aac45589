"""A personnel system's own file: what are its columns? Asked once for a source, with the first lines in sight (P-08)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.directory import feed_table
from civicmail.city.directory.feed_file import KINDS
from civicmail.city.directory.feed_table import Columns, Table
from civicmail.city.directory.models import FeedMapping, FeedUpload
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.actions import feedmaps
from civicmail.city.pages import display_names, listing
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.form_response import respond_to_form
from civicmail.city.pages.forms import text_field
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Page
from civicmail.core.config.pairs import parse

SHOWN = 3
"""Lines of the file that are shown."""
FEEDS = ("Personnel feed", "feeds")
_WORDS = {
    "uid": "uid: the personnel number",
    "full": "full: given and family name in one",
    "address": "address: the e-mail address in the city",
    "aliases": "aliases: other addresses in the city",
    "outside": "outside: own addresses elsewhere",
}


class Meaning(forms.Form):
    """One field for the meaning of each column of the file, and for values that the file lacks."""

    def __init__(self, table: Table, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = table
        guess = feed_table.propose_mapping(table.header)
        choices = [("", "not read"), *((name, _WORDS.get(name, name)) for name in feed_table.OUR_COLUMNS)]
        for place, name in enumerate(table.header):
            seen = "; ".join(cells[place].strip() or "empty" for _, cells in table.rows[:SHOWN] if place < len(cells))
            self.fields[f"column-{place}"] = forms.ChoiceField(
                label=name.strip() or f"Column {place + 1}",
                help_text=f"First lines: {seen[:120] or 'empty'}",
                choices=choices,
                required=False,
                initial=guess.get(name.strip().lower(), ""),
            )
        self.fields["kind"] = forms.ChoiceField(
            label="What is everybody, where no column says it?",
            choices=[("", "a column says it"), *((k, k) for k in KINDS)],
            required=False,
        )
        self.fields["kinds"] = text_field("Their words for kinds", "One on a line: FT = employee", required=False, max_length=2000)
        self.fields["departments"] = text_field(
            "Their names of departments",
            "One on a line: Streets Div. = streets. Names and codes known here need none.",
            required=False,
            max_length=20_000,
        )
        self.fields["dates"] = forms.ChoiceField(
            label="How are days written?", choices=list(feed_table.DATES.items()), required=False
        )
        self.fields["save"] = forms.SlugField(
            label="Keep this as",
            max_length=60,
            required=False,
            help_text="The next file with the same first line is read by it. Empty: only this once.",
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("kinds", "departments"):
            try:
                data[name] = {
                    k.lower(): v.lower() for k, v in parse(line for line in data.get(name, "").splitlines() if line.strip()).items()
                }
            except ValueError as problem:
                self.add_error(name, f"It {problem}.")
        if not self.errors and (wrong := feed_table.mapping_error(self.columns())):
            raise forms.ValidationError(wrong)
        return data

    def columns(self) -> Columns:
        """The meanings entered."""
        fields = self.cleaned_data
        columns = {name: fields.get(f"column-{n}", "") for n, name in enumerate(self.table.key)}
        chosen = {theirs: ours for theirs, ours in columns.items() if ours}
        return Columns(chosen, fields["kinds"], fields["departments"], fields.get("dates") or "iso", fields["kind"])


@acting("feed.map")
def meaning(request: CityRequest, pk: int) -> HttpResponse:
    """Ask for the meaning of columns. The answer changes nothing: it leads to the preview of the list."""
    require(request, "feed.map")
    upload = get_object_or_404(FeedUpload, pk=pk)
    table = feed_table.read(bytes(upload.content))
    form = Meaning(table, request.POST or None)
    facts = [
        ("Lines", len(table.rows)),
        ("Encoding", table.encoding),
        ("Separator", _SEPARATOR_NAMES.get(table.separator, table.separator)),
    ]
    page = Page(
        "Column mapping",
        "Personnel feed",
        [(FEEDS[0], reverse(FEEDS[1]))],
        None,
        [("File", upload.name), *facts],
    )

    def read() -> Any:
        save = form.cleaned_data["save"]
        return feedmaps.propose_upload(upload, form.columns(), actor=request.actor, now=epoch_ms(request.now), save=save)

    return respond_to_form(
        request,
        form,
        read,
        page=page,
        back=reverse("feed-new"),
        message="The list was read. Nothing is changed before you apply it.",
        to=lambda run: reverse("feed", args=[run.pk]),
        template="pages/form.html",
        submit="Read the list",
        note=_NOTE,
    )


_NOTE = (
    "Choose what each column is. Columns that are not read change nothing. Names with odd letters in the first lines show that the "
    "encoding was guessed wrong: export the file as UTF-8 then."
)
_SEPARATOR_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@acting("feed.map")
def mappings(request: CityRequest) -> HttpResponseBase:
    """List every saved mapping."""
    require(request, "feed.map")
    table = listing.from_query(
        request,
        _saved().annotate(by_name=display_names.name_of("by")),
        caption="Files that are known again",
        columns=[
            Column("name", "Name", lambda m: Cell(m.name, reverse("feed-map-forget", args=[m.name])), ("name",)),
            Column("columns", "Columns", lambda m: ", ".join(f"{theirs} = {ours}" for theirs, ours in sorted(m.columns.items()))),
            Column("made", "Kept", lambda m: m.made, ("made",), name="kept"),
            Column("by", "By", lambda m: display_names.shown_name(m.by, m.by_name), ("by",), name="by"),
        ],
        empty="No mapping was kept. Read a file with columns of its own: you are asked what they are, and can keep the answer.",
        noun="mappings",
        sort="name",
    )
    page = Page("Saved column mappings", "Personnel feed", [(FEEDS[0], reverse(FEEDS[1]))])
    return listing.render_list(request, "pages/list.html", table, {"page": page})


def _saved() -> QuerySet[FeedMapping]:
    return FeedMapping.objects.all()
