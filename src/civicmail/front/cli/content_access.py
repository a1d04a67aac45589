"""Content access for commands: write the audit entry, then get the permit from the guard (promise 4).

In a claimed installation a person asks with a token and under an examination (person_access.py); only then is Django started.
Nothing outside the examination's scope is found or read (E5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from civicmail.city.guard import guard
from civicmail.city.guard.mandates import Mandate
from civicmail.city.guard.permits import Permit
from civicmail.core.config.clock import now_ms
from civicmail.core.disk.frames import NO_ID
from civicmail.core.query.tree import Tree
from civicmail.front.cli.options import ContentCredentials

if TYPE_CHECKING:
    from civicmail.desk.workbench.export import Message
    from civicmail.mail.archive.places import Place
    from civicmail.mail.archive.reading import Archive


@dataclass(frozen=True, slots=True)
class ContentAccess:
    """permit, and its examination, if any. now: epoch ms when opened; still: raises NotPermitted or Conflict once access has
    ended; called before each message."""

    data: Path
    permit: Permit
    now: int
    mandate: Mandate | None = None
    still: Callable[[], None] = lambda: None

    def within(self, tree: Tree) -> Tree:
        """The index query restricted to what may be read within the scope."""
        if self.mandate is None:
            return tree
        from civicmail.desk.workbench import scope

        return scope.readable(self.mandate, tree, self.now)

    def reading(self, archive: Archive) -> Callable[[Place], bytes]:
        """Reads the bytes of a capture; raises OutOfScope for one that is not within the scope, whatever the index says."""
        if self.mandate is None:
            return lambda place: archive.body(self.permit, place)
        read = self.under(archive, self.mandate)
        return lambda place: read(place).body

    def under(self, archive: Archive, mandate: Mandate) -> Callable[[Place], Message]:
        """Reads a capture under the mandate, for as long as it is in force. Raises OutOfScope, NotPermitted, Conflict."""
        from civicmail.desk.workbench.scope import Gate

        gate = Gate(self.data, archive, self.permit, mandate, self.now)

        def read(place: Place) -> Message:
            self.still()
            return gate.read(place)

        return read


def open_content(data: Path, verb: str, facts: Mapping[str, Any], asker: ContentCredentials) -> ContentAccess:
    """Open content for this command. facts: query or ids for the audit entry. Raises NotPermitted, NotRecorded."""
    if not guard.is_claimed(data):
        return ContentAccess(data, permit(data, verb, facts), now_ms())
    from civicmail.front.cli import person_access

    return person_access.open_for_person(data, verb, dict(facts), asker, now=now_ms())


def permit(data: Path, verb: str, facts: Mapping[str, Any], *, reason: str = "command line") -> Permit:
    """A permit for the owner of an unclaimed folder. Raises NotPermitted."""
    now = now_ms()
    return guard.owner_permit(data, verb, dict(facts), reason=reason, now=now, write=partial(write_entry, data, now))


def write_entry(data: Path, now: int, facts: dict[str, Any]) -> str:
    """Write an audit entry to a journal. Returns its place."""
    from civicmail.mail.archive.commit import SHORT_FILE, Writer
    from civicmail.mail.archive.records import Event, Type

    with closing(Writer(data, lambda: now, file_size=SHORT_FILE)) as writer:
        writer.event(Event(Type.ENTRY, NO_ID, now, facts=facts))
        writer.flush()
        return f"{writer.journal.name}:{writer.journal.number}"
