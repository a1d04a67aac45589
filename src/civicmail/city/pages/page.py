"""Page head: title, breadcrumbs, state, facts and actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

IN_SIGHT = 3
"""Actions of a page that stand in its head."""


@dataclass(frozen=True, slots=True)
class Action:
    """A link of the page head. At most one of a page is primary."""

    label: str
    url: str
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """h1: the question or the object's name; section: follows it in the title; crumbs: (label, URL) of the pages above; state:
    (color role, word); facts: at most five (label, value); slim: a work screen, the menu is closed at every width; once: shown only
    once, so the page has no link that would lose it, like a change of language; search: (words, URL), the list that the search box
    of the head offers first, such as "This request"; percent: of long work that is running, first in the title."""

    h1: str
    section: str = ""
    crumbs: Sequence[tuple[str, str]] = ()
    state: tuple[str, str] | None = None
    facts: Sequence[tuple[str, Any]] = ()
    actions: Sequence[Action] = ()
    slim: bool = False
    once: bool = False
    search: tuple[str, str] | None = None
    percent: int | None = None

    @property
    def first_actions(self) -> Sequence[Action]:
        """The visible actions, the main one first: three, or all if only one more would be hidden."""
        return self._ordered if len(self.actions) <= IN_SIGHT + 1 else self._ordered[:IN_SIGHT]

    @property
    def more_actions(self) -> Sequence[Action]:
        """The others, behind "More"."""
        return self._ordered[len(self.first_actions) :]

    @property
    def _ordered(self) -> Sequence[Action]:
        return sorted(self.actions, key=lambda action: not action.primary)

    @property
    def title(self) -> str:
        title = f"{self.h1} · {self.section}" if self.section and self.section != self.h1 else self.h1
        return title if self.percent is None else f"{self.percent} % · {title}"
