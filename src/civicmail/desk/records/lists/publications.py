"""The list of what is in the public reading room, was, or will be (P-21)."""

from __future__ import annotations

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Filter, List, Number, Operation, Somebody, State, Time
from civicmail.city.pages.states import choices
from civicmail.desk.records.states import PUBLICATION


class Publications(List):
    """List the publications of the public reading room, newest first.

    id: of the publication; slug: the last part of its address; request: number; production: which release of it; after: published
    then at the earliest; published: null before.
    """

    name, permission = "list_record_publications", "records.see"
    page = Page("records/reading-room/", "records-publications")
    operation = Operation("/records/publications", "read:records", shape="RecordPublicationLine")
    model, related = "records.Publication", ("production__request", "by")
    title, section = "Reading room", "Records"
    caption, empty, noun, sort = (
        "Reading room",
        "Nothing is published yet. A release has the button for it.",
        "publications",
        "-after",
    )
    columns = (
        Column("title", "Title", link=("records-publication", "pk"), full=True, sort=("title",)),
        State("state", "State", words=PUBLICATION),
        Column("request", "Request", "production.request.number"),
        Number("production", "Release", "production.number", is_number=False),
        Time("after", "Planned for", sort=("after",)),
        Time("published", "Published", optional=True, sort=("published",)),
        Somebody("by", "By"),
        Number("id", value="pk"),
        Column("slug"),
    )
    filters = (
        Filter("state", "State", choices=choices(PUBLICATION)),
        Filter("title", "Title has", ("title__icontains",)),
    )


PUBLICATIONS = Publications()
