"""Extraction of one file: the output of its text, its remaining budget, and the nesting depth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from civicmail.core.archives.archive import Archive, Member, content_of
from civicmail.core.archives.budget import Budget
from civicmail.core.archives.errors import Spent, Unreadable


class Output(Protocol):
    """Receives what a reader extracts, in order."""

    def text(self, text: str) -> None:
        """Some text; a piece ends where a word ends."""

    def picture(self, data: bytes) -> None:
        """A picture that may show text: a file of its own, or a page of a PDF as PGM."""

    def unreadable(self, path: str, why: str) -> None:
        """Something that gave no text, or not all of it. path: names of members from the outside, "" for the file itself."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """out, budget: of the whole file. path, depth: of the current member. inside: reads a member with an extraction of its own.
    pictures: pages are rendered for OCR. careful: a reader has crashed on this file, so only the plainest ones are used. cells:
    read the cells of a spreadsheet here; else the caller does."""

    out: Output
    budget: Budget
    inside: Callable[[bytes, Extraction], None]
    path: str = ""
    depth: int = 0
    pictures: bool = False
    careful: bool = False
    cells: bool = True

    def text(self, text: str) -> None:
        if text:
            self.budget.text(len(text))
            self.out.text(text)

    def unreadable(self, why: str) -> None:
        self.out.unreadable(self.path, why)

    def member(self, name: str) -> Extraction:
        """The case of a member; its name is text too. Raises Spent, and Unreadable where it is too deep."""
        self.text(name)
        self.budget.member(self.depth + 1)
        return replace(self, path=self._path(name), depth=self.depth + 1)

    def open(self, name: str, content: bytes) -> None:
        """Read a member that is at hand."""
        self.inside(content, self.member(name))

    def read_member(self, archive: Archive, member: Member) -> None:
        """Read a member of an archive; of a damaged one as much as there is. What is wrong with it ends only this member. Raises
        Spent."""
        try:
            inside = self.member(member.name)
            content, why = content_of(archive, member)
            if content or not why:
                self.inside(content, inside)
            if why:
                (inside if member.name else self).unreadable(why)
        except Spent:
            raise
        except Unreadable as error:
            self.out.unreadable(self._path(member.name), error.why)

    def _path(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name
