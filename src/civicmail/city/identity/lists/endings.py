"""The list of ends of access (P-08)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Cell, Filter, List, ListRequest, Operation, Shown
from civicmail.city.pages.states import Label, label


def _reason(e: Any, _request: ListRequest) -> Cell:
    from civicmail.city.pages import display_names

    return Cell(e.reason, hint=f"by {display_names.shown_name(e.by, e.by_name)}")


def state_of(e: Any, now: datetime) -> Label:
    return label("done" if e.done else "running" if e.when <= now else "scheduled")


class Endings(List):
    """List all ends of access, newest first."""

    name, permission, is_sure = "list_endings", "duty.grant", False
    page = Page("access/endings/", "endings")
    operation = Operation("/endings", "read:access")
    model, related = "access.Ending", ("person", "episode__department", "successor")
    title, section = "Ends of access", "Access office"
    caption, empty, noun, sort = "Ends of access", "No access was ended yet.", "endings", "-when"
    columns = (
        Shown("person", "Person", link=("ending",), sort=("person__family",)),
        Shown("department", "Department", "episode.department", sort=("episode__department__name",)),
        Shown("when", "Ends", sort=("when",), name="ends"),
        Shown("state", "State", cell=lambda e, request: state_of(e, from_ms(request.now))),
        Shown("reason", "Why", cell=_reason),
    )
    filters = (Filter("q", "Person", ("person__display__icontains",)),)

    def rows(self, request: ListRequest) -> Any:
        from civicmail.city.pages import display_names

        return super().rows(request).prefetch_related("steps").annotate(by_name=display_names.name_of("by"))


ENDINGS = Endings()
