"""The list of ends of access (P-08)."""

from __future__ import annotations

from typing import Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Cell, Filter, List, ListRequest, Operation, Shown


def _reason(e: Any, _request: ListRequest) -> Cell:
    from civicmail.city.pages import display_names

    return Cell(e.reason, hint=f"by {display_names.shown_name(e.by, e.by_name)}")


class Endings(List):
    """List all ends of access, newest first."""

    name, permission, is_sure = "list_endings", "duty.grant", False
    page = Page("access/endings/", "endings")
    operation = Operation("/endings", "read:access")
    model, related = "access.Ending", ("person", "episode__department", "successor")
    title, section = "Whose access ended?", "Access office"
    caption, empty, noun, sort = "Endings", "No access was ended yet.", "endings", "-when"
    columns = (
        Shown("person", "Person", link=("ending",), sort=("person__family",)),
        Shown("department", "Department", "episode.department", sort=("episode__department__name",)),
        Shown("when", "Ends", sort=("when",), name="ends"),
        Shown("state", "State", cell=lambda e, _: Cell("Done", role="plain") if e.done else Cell("Open", role="wait")),
        Shown("reason", "Why", cell=_reason),
    )
    filters = (Filter("q", "Person", ("person__display__icontains",)),)

    def rows(self, request: ListRequest) -> Any:
        from civicmail.city.pages import display_names

        return super().rows(request).prefetch_related("steps").annotate(by_name=display_names.name_of("by"))


ENDINGS = Endings()
