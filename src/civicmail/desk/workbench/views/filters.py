"""The query string of a search in an examination.

Filters become words of the query language, so that a hold, an export and the audit entry have the same scope as the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from civicmail.city.guard.errors import Unusable
from civicmail.city.pages.listing import Chip, list_url
from civicmail.city.pages.wording import day
from civicmail.core.query.lexer import LONGEST_QUERY

SORTS: dict[str, str] = {"newest": "Newest first", "oldest": "Oldest first"}
_CHOSEN = re.compile(r"id:[\w-]+(?: OR id:[\w-]+)*")


def chosen_messages(ids: Iterable[str]) -> str:
    """The query that finds the messages that were ticked. Raises Unusable without any."""
    if not (query := " OR ".join(f"id:{id_}" for id_ in ids)):
        raise Unusable("No message was chosen. Go back, and tick at least one.")
    return query


def query_words(query: str) -> str:
    """A query as pages show it, without ids."""
    if _CHOSEN.fullmatch(query):
        count = query.count("id:")
        return f"{count} chosen message{'' if count == 1 else 's'}"
    return query or "everything"


@dataclass(frozen=True, slots=True)
class Filters:
    """values: what of the address means something, cleaned; path: of the page."""

    path: str
    values: dict[str, str]

    @property
    def words(self) -> str:
        return self.values.get("q", "")

    @property
    def sort(self) -> str:
        return self.values.get("sort", "newest")

    @property
    def after(self) -> str:
        return self.values.get("after", "")

    @property
    def number(self) -> int:
        """The number of the page; it identifies rows only."""
        return int(self.values.get("page", "1")) if self.after else 1

    @property
    def query(self) -> str:
        """The whole search in the query language."""
        since, until = self.values.get("since", ""), self.values.get("until", "")
        terms = [f'from:"{self.values["from"]}"' if "from" in self.values else ""]
        terms += [f"date:{since}..{until}" if since or until else "", "has:attachment" if "files" in self.values else ""]
        narrowed = [part for part in terms if part]
        words = f"({self.words})" if self.words and narrowed else self.words
        return " ".join(part for part in (words, *narrowed) if part)

    @property
    def narrowed(self) -> int:
        """The number of active filters behind "More filters"."""
        return sum(key in self.values for key in ("since", "until", "files"))

    @property
    def chips(self) -> list[Chip]:
        """One for each active filter."""
        v = self.values
        labels = {
            "q": v.get("q", ""),
            "from": f"From: {v['from']}" if "from" in v else "",
            "since": f"Dated from {day(date.fromisoformat(v['since']))}" if "since" in v else "",
            "until": f"Dated until {day(date.fromisoformat(v['until']))}" if "until" in v else "",
            "files": "With files" if "files" in v else "",
            "sort": SORTS[v["sort"]] if "sort" in v else "",
        }
        return [Chip(words, self.link(**{key: ""})) for key, words in labels.items() if words]

    def link(self, **changes: str) -> str:
        """A URL of this search with changes, from its first page."""
        return list_url(self.path, self.values, changes)

    @property
    def passed(self) -> str:
        """The query for the pages that hold and export what it finds."""
        return urlencode({"q": self.query}) if self.query else ""


def filters_of(path: str, parameters: Any) -> Filters:
    """The filters of a request. asked: its query string. An invalid order, day or page counts as absent."""
    values = {k: str(parameters.get(k, "")).strip() for k in ("q", "from", "since", "until", "files", "sort", "after", "page")}
    values["q"] = values["q"][: LONGEST_QUERY + 1]
    values["from"] = values["from"].replace('"', " ").strip()[:254]
    values["after"] = values["after"][:200]
    for key in ("since", "until"):
        try:
            date.fromisoformat(values[key])
        except ValueError:
            values[key] = ""
    values["sort"] = values["sort"] if values["sort"] == "oldest" else ""
    page = values["page"]
    values["page"] = page if page.isascii() and page.isdecimal() and len(page) < 7 else ""
    return Filters(path, {k: v for k, v in values.items() if v})
