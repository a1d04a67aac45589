"""The list of requests for another format of what was released (P-21)."""

from __future__ import annotations

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Choice, Column, Filter, List, Number, Operation, Somebody, State, Time
from civicmail.city.pages.states import choices
from civicmail.desk.records.formats import FORMATS
from civicmail.desk.records.states import FORMAT


class FormatRequests(List):
    """List requests for another format of what was released, newest first.

    request: number; file: a name, empty for all of a release; format: large, text, tagged, audio, paper, braille or other.
    """

    name, permission = "list_record_formats", "records.see"
    page = Page("records/formats/", "records-formats")
    operation = Operation("/records/formats", "read:records", shape="RecordFormatLine")
    model, related = "records.FormatRequest", ("request", "by")
    title, section = "Other formats", "Records"
    caption, empty, noun, sort = "Requests for other formats", "Nobody needs another format.", "requests", "-received"
    columns = (
        Time("received", "Received", link=("records-format", "pk"), sort=("received",)),
        Choice("format", "Format", words=FORMATS),
        State("state", "State", words=FORMAT),
        Column("request", "Request", "request.number"),
        Column("file", "File", cell=lambda r, _: r.file or "All of it"),
        Somebody("by", "Answered by", optional=True),
        Number("id", value="pk"),
    )
    filters = (
        Filter("state", "State", choices=choices(FORMAT)),
        Filter("format", "Format", choices=tuple((key, words.text) for key, words in FORMATS.items())),
    )


FORMAT_REQUESTS = FormatRequests()
