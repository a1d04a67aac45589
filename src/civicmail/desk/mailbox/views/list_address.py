"""The query string of the mail list, and links to the same list with one change."""

from __future__ import annotations

from collections.abc import Collection, Container
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.listing import PAGE_PARAMS, Chip, list_url
from civicmail.city.pages.states import label
from civicmail.city.pages.wording import day
from civicmail.core.query.lexer import LONGEST_QUERY
from civicmail.desk.mailbox.mail_list import Direction, ListQuery, StateFilter
from civicmail.desk.mailbox.mail_marks import LabelMark
from civicmail.desk.mailbox.pagination import Order
from civicmail.desk.mailbox.scope import OwnMail

DIRECTIONS = (
    ("inbox", gettext_lazy("Inbox")),
    ("sent", gettext_lazy(label("sent")[1])),
    ("received", gettext_lazy("Received")),
    ("outside", gettext_lazy("From outside")),
    ("imported", gettext_lazy(label("imported")[1])),
)
STATE_CHOICES = (
    ("unread", gettext_lazy("Unread")),
    ("starred", gettext_lazy("Starred")),
    ("waiting", gettext_lazy(label("queued")[1])),
    ("held", gettext_lazy(label("held")[1])),
    ("removed", gettext_lazy(label("removed")[1])),
    ("refused", gettext_lazy(label("rejected")[1])),
    ("hidden", pgettext_lazy("folder of mail", "Archive")),
)
ORDERS = (("newest", gettext_lazy("Newest first")), ("oldest", gettext_lazy("Oldest first")))
EVERYTHING = "all"
"""The direction of the folder with everything; without any choice a page is the inbox."""
_KNOWN = ("q", "direction", "state", "since", "until", "box", "label", "sort", "after", "before", "page")
_NO_FILTER = PAGE_PARAMS | {"sort"}


@dataclass(frozen=True, slots=True)
class ListAddress:
    """values: valid parameters of the URL, normalized. until: the last day; page: identifies the rows for paging only; label: the
    name of the requested one; bare: the direction of a list without a filter."""

    path: str
    values: dict[str, str]
    since: date | None
    page: int
    label: str = ""
    until: date | None = None
    bare: Direction = ""

    @property
    def words(self) -> str:
        return self.values.get("q", "")

    @property
    def list_query(self) -> ListQuery:
        v, stand = self.values, cast(StateFilter, self.values.get("state", ""))
        direction = cast(Direction, "" if self.direction == EVERYTHING else self.direction)
        end = _start_of(self.until + timedelta(1)) if self.until else None
        return ListQuery(
            self.words,
            direction,
            stand,
            _start_of(self.since),
            v.get("after", ""),
            v.get("before", ""),
            int(v.get("label", 0)),
            end,
            self.order,
        )

    @property
    def direction(self) -> str:
        return self.values.get("direction", "") if self.is_narrowed else self.bare

    @property
    def order(self) -> Order:
        return cast(Order, self.values.get("sort", "newest"))

    @property
    def is_narrowed(self) -> bool:
        return any(key not in _NO_FILTER for key in self.values)

    def link(self, **changes: str) -> str:
        """A URL of this list with changes, from its first page."""
        return list_url(self.path, self.values, changes)

    @property
    def query(self) -> str:
        """The query string of a saved view: the list from its first page."""
        return self.link().partition("?")[2]

    def first_page(self) -> ListAddress:
        return replace(self, values={k: v for k, v in self.values.items() if k not in PAGE_PARAMS}, page=1)

    def chips(self, mine: OwnMail) -> list[Chip]:
        """One for each active filter."""
        v = self.values
        boxes = {box.id: box.title for box in mine.boxes}
        filters = [
            ("q", v.get("q", "")),
            ("direction", str(dict(DIRECTIONS).get(v.get("direction", ""), ""))),
            ("state", str(dict(STATE_CHOICES).get(v.get("state", ""), ""))),
            ("since", gettext("From {day}").format(day=day(self.since)) if self.since else ""),
            ("until", gettext("Until {day}").format(day=day(self.until)) if self.until else ""),
            ("box", boxes.get(v.get("box", ""), "")),
            ("label", self.label),
        ]
        return [Chip(words, self.link(**{key: ""})) for key, words in filters if words]


def address_of(
    path: str, parameters: Any, mine: OwnMail, labels: Collection[LabelMark] = (), *, bare: Direction = ""
) -> ListAddress:
    """The parameters of a request. An invalid choice or date, and another's mailbox or label, count as absent. bare: the direction
    of a list without a filter."""
    values = {k: v for k in _KNOWN if (v := str(parameters.get(k, "")).strip()[: LONGEST_QUERY + 1])}
    names = {str(mark.pk): mark.name for mark in labels}
    boxes = {box.id for box in mine.boxes}
    choices: dict[str, Container[str]] = {
        "direction": {*dict(DIRECTIONS), EVERYTHING},
        "state": dict(STATE_CHOICES),
        "box": boxes,
        "label": names,
        "sort": dict(ORDERS),
    }
    values = {k: v for k, v in values.items() if k not in choices or v in choices[k]}
    days = {k: day for k in ("since", "until") if (day := _day(values.get(k, "")))}
    values = {k: v for k, v in values.items() if k not in ("since", "until") or k in days}
    page = values.get("page", "1")
    number = int(page) if page.isdecimal() and len(page) < 7 else 1
    return ListAddress(path, values, days.get("since"), number, names.get(values.get("label", ""), ""), days.get("until"), bare)


def _day(text: str) -> date | None:
    try:
        day_ = date.fromisoformat(text)
    except ValueError:
        return None
    return day_ if 1900 < day_.year < 9999 else None


def _start_of(day_: date | None) -> int | None:
    return None if day_ is None else epoch_ms(timezone.make_aware(datetime.combine(day_, time.min)))
