"""The actor of a command: a person with a token, or the owner of the data folder (P-16, P-17).

The returned name goes into the record. A read is logged before anything is shown (`person`); a change is logged in one
transaction with the change (`for_record`, `in_files`), or not made at all (E6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.errors import NotPermitted
from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.front.cli import person_access, verbs
from civicmail.front.cli.content_access import write_entry
from civicmail.front.cli.options import Credentials, Installation, OptionalSignIn
from civicmail.front.cli.waits import wait_for_tables

if TYPE_CHECKING:
    from civicmail.city.directory.models import Department, Person
    from civicmail.mail.archive.commit import Entering

_CLAIMED = "This installation is claimed: `civicmail {}` needs --as PERSON --duty ROLE --reason TEXT."


@dataclass(frozen=True, slots=True)
class Desk:
    """Context of a command with a database: folder, settings, actor, time (epoch ms)."""

    folder: Path
    settings: Settings
    actor: Actor
    now: int


class By(NamedTuple):
    """The actor's name for records, and the place of the audit entry, "" in an unclaimed installation."""

    name: str
    entry: str


class Doing(NamedTuple):
    """The actor's name for records, and what opens the audit entry."""

    name: str
    entering: Entering


def person(data: Path, verb: str, facts: dict[str, Any], asker: Credentials, *, now: int) -> By:
    """Who does it: in a claimed installation the person who shows the token and may do the act of this verb,
    after the entry; before, the owner of the folder. facts: text and whole numbers that say to what.

    Raises NotPermitted, NotRecorded, UsageError. now: ms.
    """
    actor = _who(data, verb, asker, now)
    if actor is None:
        return By(guard.owner(data), "")
    from civicmail.city.guard.actions.entries import enter_ahead

    made = enter_ahead(verbs.line(verb).act, actor=actor, now=now, **_audit_facts(verb, facts, asker))
    return By(actor.uid, f"entry:{made.uuid}")


def for_record(data: Path, verb: str, facts: dict[str, Any], asker: Credentials, *, now: int) -> Doing:
    """As person, for a change that is an archive record: the audit entry is part of it."""
    actor = _who(data, verb, asker, now)
    if actor is None:
        from civicmail.mail.archive.commit import unentered

        return Doing(guard.owner(data), unentered)
    from civicmail.city.guard.actions.external_acts import entering_of

    return Doing(actor.uid, entering_of(verbs.line(verb).act, actor=actor, now=now, **_audit_facts(verb, facts, asker)))


@contextmanager
def in_files(data: Path, verb: str, facts: dict[str, Any], asker: Credentials, *, now: int) -> Iterator[By]:
    """As person, for what changes files: change them within, and what is raised there leaves no entry. Where nobody has claimed the
    folder it is work on the machine (`owner`)."""
    actor = _who(data, verb, asker, now)
    if actor is None:
        with _machine_act(data, verb, asker.reason, now, facts) as by:
            yield by
        return
    from civicmail.city.guard.actions import external_acts

    with external_acts.in_files(verbs.line(verb).act, actor=actor, now=now, **_audit_facts(verb, facts, asker)) as entry:
        yield By(actor.uid, entry)


def _who(data: Path, verb: str, asker: Credentials, now: int) -> Actor | None:
    """The person who may perform the act; None for the owner of an unclaimed folder."""
    act = verbs.line(verb).act
    if not guard.is_claimed(data):
        return None
    if not (asker.as_ and asker.role and asker.reason.strip()):
        raise NotPermitted(_CLAIMED.format(verb))
    actor = person_access.person(data, asker, now=now)
    guard.require_could(replace(actor, held=tuple(h for h in actor.held if h.role == asker.role)), act, now=now)
    return actor


def _audit_facts(verb: str, facts: dict[str, Any], asker: Credentials) -> dict[str, Any]:
    return {"reason": asker.reason.strip()[:400], "role": asker.role, "facts": {"verb": verb, **facts}}


@contextmanager
def owner(data: Path, verb: str, *, reason: str = "", now: int, **facts: str | int) -> Iterator[str]:
    """The owner of the folder does work on the machine that leaves entries: that it begins, and whether it was done; who that is.
    Raises NotPermitted for another user of the operating system. now: ms."""
    assert verbs.line(verb).written, verb
    with _machine_act(data, verb, reason, now, facts) as by:
        yield by.name


@contextmanager
def _machine_act(data: Path, verb: str, reason: str, now: int, facts: Mapping[str, str | int]) -> Iterator[By]:
    """Log before and after, because there may be no database; after a crash only the first entry exists."""
    name = machine_of(data)
    entry = {"act": verb, "person": name, "duty": "owner", "reason": reason, **facts}
    begun = write_entry(data, now, entry | {"state": "begun"})
    try:
        yield By(name, begun)
    except Exception:
        write_entry(data, now, entry | {"state": "failed", "begun": begun})
        raise
    write_entry(data, now, entry | {"state": "done", "begun": begun})


def machine_of(data: Path) -> str:
    """The operating system's user, for entries, who must own the folder. Raises NotPermitted."""
    return f"os:{guard.owner(data)}"


def office(verb: str, sign_in: OptionalSignIn, *, tables: bool = False) -> Desk:
    """For a verb of people's side, which the access office does: a person with a token, or the owner of a folder that nobody has
    claimed yet. tables: bring those up to this program's version first.

    The verb's own action asks the guard. Raises NotPermitted, UsageError, ConfigError.
    """
    folder, settings, now = _opened(verb, sign_in, tables)
    return Desk(folder, settings, person_access.office(folder, sign_in, now=now), now)


def signed_in(verb: str, sign_in: OptionalSignIn, *, tables: bool = False) -> Desk:
    """As office, but always with a token."""
    folder, settings, now = _opened(verb, sign_in, tables)
    return Desk(folder, settings, person_access.person(folder, sign_in, now=now), now)


def owned(verb: str, installation: Installation) -> Desk:
    """The owner of the folder as actor, for making access officers and first letters. Raises NotPermitted."""
    name = machine_of(installation.folder())
    folder, settings, now = _opened(verb, installation, True)
    return Desk(folder, settings, machine(name), now)


def _opened(verb: str, installation: Installation, tables: bool) -> tuple[Path, Settings, int]:
    """Folder, settings, epoch ms."""
    verbs.line(verb)
    folder, settings = installation.open()
    now = now_ms()
    if tables:
        from civicmail.front.web.start import prepare

        prepare(folder, installation.config, wait_for_tables())
    return folder, settings, now


def named(text: str) -> Person:
    """A person by number or sign-in name. Raises Unusable."""
    from civicmail.city.identity.queries.signin import person_named

    return person_named(text)


def department(code: str) -> Department:
    """The department with this code. Raises Unusable."""
    from civicmail.city.directory.queries import department_named

    return department_named(code)
