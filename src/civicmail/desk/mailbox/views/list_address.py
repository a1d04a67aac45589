"""The query string of the mail list, and links to the same list with one change."""

from __future__ import annotations

from collections.abc import Collection, Container
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, cast

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.listing import PAGE_PARAMS, Chip, list_url
from civicmail.city.pages.states import label
from civicmail.city.pages.wording import day
from civicmail.core.query.lexer import LONGEST_QUERY
from civicmail.desk.mailbox.mail_list import Direction, ListQuery, StateFilter
from civicmail.desk.mailbox.mail_marks import LabelMark
from civicmail.desk.mailbox.scope import OwnMail

DIRECTIONS = (
    ("sent", gettext_lazy(label("sent")[1])),
    ("received", gettext_lazy("Received")),
    ("imported", gettext_lazy(label("imported")[1])),
)
STATE_CHOICES = (
    ("unread", gettext_lazy("Unread")),
    ("starred", gettext_lazy("Starred")),
    ("waiting", gettext_lazy(label("queued")[1])),
    ("held", gettext_lazy(label("held")[1])),
    ("refused", gettext_lazy(label("rejected")[1])),
    ("hidden", gettext_lazy("Hidden")),
)
_KNOWN = ("q", "direction", "state", "since", "box", "label", "after", "before", "page")


@dataclass(frozen=True, slots=True)
class ListAddress:
    """values: valid parameters of the URL, normalized. page: identifies the rows for paging only; label: the name of the requested
    one."""

    path: str
    values: dict[str, str]
    since: date | None
    page: int
    label: str = ""

    @property
    def words(self) -> str:
        return self.values.get("q", "")

    @property
    def list_query(self) -> ListQuery:
        v = self.values
        start = None if self.since is None else epoch_ms(timezone.make_aware(datetime.combine(self.since, time.min)))
        direction, stand = cast(Direction, v.get("direction", "")), cast(StateFilter, v.get("state", ""))
        return ListQuery(self.words, direction, stand, start, v.get("after", ""), v.get("before", ""), int(v.get("label", 0)))

    @property
    def is_narrowed(self) -> bool:
        return any(key not in PAGE_PARAMS for key in self.values)

    def link(self, **changes: str) -> str:
        """A URL of this list with changes, from its first page."""
        return list_url(self.path, self.values, changes)

    @property
    def query(self) -> str:
        """The query string of a saved view: the list from its first page."""
        return self.link().partition("?")[2]

    def first_page(self) -> ListAddress:
        return ListAddress(self.path, {k: v for k, v in self.values.items() if k not in PAGE_PARAMS}, self.since, 1, self.label)

    def chips(self, mine: OwnMail) -> list[Chip]:
        """One for each active filter."""
        v = self.values
        boxes = {box.id: box.title for box in mine.boxes}
        filters = [
            ("q", v.get("q", "")),
            ("direction", str(dict(DIRECTIONS).get(v.get("direction", ""), ""))),
            ("state", str(dict(STATE_CHOICES).get(v.get("state", ""), ""))),
            ("since", gettext("From {day}").format(day=day(self.since)) if self.since else ""),
            ("box", boxes.get(v.get("box", ""), "")),
            ("label", self.label),
        ]
        return [Chip(words, self.link(**{key: ""})) for key, words in filters if words]


def address_of(path: str, parameters: Any, mine: OwnMail, labels: Collection[LabelMark] = ()) -> ListAddress:
    """The parameters of a request. asked: its query string. An invalid choice or date, and another's mailbox or label, count as
    absent."""
    values = {k: v for k in _KNOWN if (v := str(parameters.get(k, "")).strip()[: LONGEST_QUERY + 1])}
    names = {str(mark.pk): mark.name for mark in labels}
    boxes = {box.id for box in mine.boxes}
    choices: dict[str, Container[str]] = {"direction": dict(DIRECTIONS), "state": dict(STATE_CHOICES), "box": boxes, "label": names}
    values = {k: v for k, v in values.items() if k not in choices or v in choices[k]}
    try:
        since = date.fromisoformat(values.get("since", ""))
    except ValueError:
        values.pop("since", None)
        since = None
    page = values.get("page", "1")
    return ListAddress(
        path, values, since, int(page) if page.isdecimal() and len(page) < 7 else 1, names.get(values.get("label", ""), "")
    )
