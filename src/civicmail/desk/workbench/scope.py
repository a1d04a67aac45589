"""Restrict everything to the examination's scope (E5): the index by an and-ed tree, the archive capture by capture.

The index only gives candidates. The archived bytes decide what is shown, so a wrong index, a guessed id and an old page open
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.mandates import MATCH_NOTHING, Mandate
from civicmail.city.guard.permits import Permit
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.message import header_scan, message_parser
from civicmail.core.message.model import Fields
from civicmail.core.query.tree import And, Tree, View
from civicmail.desk.workbench import privilege
from civicmail.desk.workbench.errors import NotCleared, OutOfScope
from civicmail.desk.workbench.export import Message
from civicmail.desk.workbench.queries import privilege_of
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Capture
from civicmail.mail.search import threads
from civicmail.mail.search.query_view import viewer
from civicmail.mail.search.reader import Reader

NOT_THERE = "Nothing is kept under this id within this mandate."
NOT_CLEARED = (
    "This message is privileged ({kinds}). It is not shown until the city attorney clears it; ask on the page Privileged mail."
)


def within(mandate: Mandate, tree: Tree, now: int) -> Tree:
    """The tree of everything that matches in this examination, privileged or not, which a hold covers. now: ms."""
    return mandate.scope.restrict(tree, now)


def readable(mandate: Mandate, tree: Tree, now: int) -> Tree:
    """The tree of a search in this examination: without privileged mail that is not cleared (E7). now: ms."""
    return privilege_of(mandate).readable(within(mandate, tree, now))


def privileged(mandate: Mandate, tree: Tree, now: int) -> Tree:
    """The tree of what is left out of a search in this examination. now: ms."""
    return And((within(mandate, tree, now), privilege_of(mandate).tree() or MATCH_NOTHING))


class Gate:
    """The only way from an examination to bytes. permit: made for this examination; covers: what is within it, if that is more than
    the scope's words say."""

    def __init__(
        self,
        data: Path,
        archive: Archive,
        permit: Permit,
        mandate: Mandate,
        now: int,
        covers: Callable[[View], bool] | None = None,
    ) -> None:
        if permit.mandate != mandate.number:
            raise NotPermitted("This permit is of another mandate.")
        self._archive = archive
        self._permit = permit
        self._tree = mandate.scope.tree(now)
        self._covers = covers or mandate.scope.matcher(now)
        self.privilege = privilege_of(mandate)
        self._see = viewer(data)

    def read(self, place: Place) -> Message:
        """Read a capture if its bytes are within the scope. Raises OutOfScope, NotCleared, DamagedFile, NotInArchive."""
        head = self._archive.head(self._permit, place)
        body = self._archive.body(self._permit, place)
        message = Message(Capture.from_head(head), head, body)
        seen = self._see(message.capture, body)
        if not self._covers(seen):
            raise OutOfScope(NOT_THERE)
        if kinds := self.privilege.withheld(message.capture.id.hex(), seen):
            raise NotCleared(NOT_CLEARED.format(kinds=privilege.names(kinds)), kinds)
        return message

    def named(self, id_: str) -> Message:
        """Read the capture with this id. Raises OutOfScope, also if there is none."""
        places = self._archive.find(id_)
        if len(places) != 1:
            raise OutOfScope(NOT_THERE)
        return self.read(places[0])

    def with_threads(self, reader: Reader, tree: Tree) -> Tree:
        """Widen every thread: operator to the conversation that it names, within the scope."""

        def look(id_: str) -> Fields | None:
            try:
                body = self.named(id_).body
                return message_parser.fields(body[: header_scan.header_length(body)])  # who was first stands in the header
            except (OutOfScope, DamagedFile, NotInArchive):
                return None

        return threads.resolved(reader, tree, look, lambda narrowed: And((self._tree, narrowed)))
