"""Text of an XML file, piece by piece, by expat. A document type declaration is never followed: no entity is expanded and no other
file is opened."""

from __future__ import annotations

from collections.abc import Iterable
from xml.parsers import expat

from civicmail.core.sandbox.errors import DAMAGED, ENTITIES, Unreadable
from civicmail.core.sandbox.extraction import Extraction

TOGETHER = 1 << 16  # characters of text that go to the reader's case at a time

ROLES_MOST = 1000  # names of elements that are remembered; a file may make up any number


class Words:
    """texts: local names of elements whose characters are words, None for all. breaks: elements behind which a word ends."""

    def __init__(self, extraction: Extraction, texts: frozenset[str] | None, breaks: frozenset[str]) -> None:
        self._case = extraction
        self._texts = texts
        self._breaks = breaks
        self._roles: dict[str, tuple[bool, bool]] = {}
        self._open = texts is None
        self._held: list[str] = []
        self._size = 0
        self._declares = False

    def read(self, pieces: Iterable[bytes]) -> None:
        """Read the text. Raises Unreadable if the XML is broken or declares entities; text before that is kept."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        parser.DefaultHandler = self._other  # its presence keeps expat from expanding entities
        try:
            for piece in pieces:
                self._case.budget.tick()
                parser.Parse(piece, False)
            parser.Parse(b"", True)
        except expat.ExpatError:
            raise Unreadable(DAMAGED) from None
        finally:
            self._give()
        if self._declares:
            raise Unreadable(ENTITIES)

    def _role(self, name: str) -> tuple[bool, bool]:
        """Whether an element contains words of its own, and whether a word ends behind it. name: namespace, space, local name."""
        if len(self._roles) > ROLES_MOST:
            self._roles.clear()
        local = name.rpartition(" ")[2]
        role = self._roles[name] = (self._texts is not None and local in self._texts, local in self._breaks)
        return role

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if (self._roles.get(name) or self._role(name))[0]:
            self._open = True

    def _end(self, name: str) -> None:
        holds, breaks = self._roles.get(name) or self._role(name)
        if holds:
            self._open = False
        if breaks:
            self._held.append("\n")
            if self._size > TOGETHER:
                self._give()

    def _characters(self, text: str) -> None:
        if self._open:
            self._held.append(text)
            self._size += len(text)

    def _doctype(self, *_: object) -> None:
        self._declares = True

    def _other(self, _data: str) -> None:
        return

    def _give(self) -> None:
        text, self._held, self._size = "".join(self._held), [], 0
        self._case.text(text)
