"""The retention class of a capture: the longest of its people's classes and of every class it was raised to (P-23).

The head of its receipt has one, an address in a schedule has one, and each `class` record adds one. Quarantined mail becomes
ordinary mail as soon as a copy is released. No class is ever removed, so a class only rises, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from civicmail.city.law.schedules import Schedules, parse
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.frames import NO_ID
from civicmail.mail.archive import rules
from civicmail.mail.archive.commit import Entering, unentered
from civicmail.mail.archive.errors import NotDisposed, NotInArchive
from civicmail.mail.archive.records import ASIDE, MAIL, REFUSED, Capture, Event, Type
from civicmail.mail.archive.store import Store

WENT = frozenset({Type.RELEASED, Type.DELIVERED})
"""Effect on the class of a capture when a copy is delivered, because a person released it or rules now decide otherwise."""


def classes_of(capture: Capture, events: Iterable[Event], schedules: Schedules) -> set[str]:
    """Every class of a capture, including its sender's: mail that an official writes is a record of that official."""
    events = list(events)
    raised = {str(e.facts["class"]) for e in events if e.type == Type.CLASS}
    raised |= class_after(capture.class_, (e.type for e in events))
    if capture.class_ == REFUSED:
        return {REFUSED} | raised
    people = [capture.envelope.sender, *(r.address for r in capture.envelope.recipients)]
    return {capture.class_} | raised | schedules.classes_of(people)


def class_after(class_: str, types: Iterable[int]) -> set[str]:
    """The class to which its events raise a capture: mail, if it was quarantined and left. types: of all its events."""
    return {MAIL} if class_ == ASIDE and not WENT.isdisjoint(types) else set()


def promote(
    data: Path,
    id_: bytes,
    class_: str,
    *,
    actor: str,
    reason: str,
    now: int,
    entering: Entering = unentered,
    files: Files = OS_FILES,
) -> None:
    """Raise the retention class of a capture; a class is never lowered. Its bytes move with the next regroup(). Raises
    NotInArchive, NotDisposed if no schedule names the class, MissingReason, LeaseHeld."""
    store = Store(data)
    if store.place(id_) is None:
        raise NotInArchive(f"Nothing is kept under {id_.hex()}.")
    schedules = in_force(store)
    if schedules is None or class_ not in schedules.by_class:
        raise NotDisposed(f"No schedule in force knows the class {class_}.")
    facts = {"class": class_, "actor": actor, "reason": reason}
    rules.write(data, Event(Type.CLASS, id_, now, facts=facts), entering, files)


def adopt(
    data: Path, text: str, *, actor: str, reason: str, now: int, entering: Entering = unentered, files: Files = OS_FILES
) -> Schedules:
    """Put a file of schedules into force; it replaces the previous one. Raises BadSchedule, MissingReason, LeaseHeld."""
    schedules = parse(text)
    facts = {"text": text, "actor": actor, "reason": reason}
    rules.write(data, Event(Type.SCHEDULE, NO_ID, now, facts=facts), entering, files)
    return schedules


def load(data: Path) -> Schedules | None:
    """The schedules in force in a data folder, for callers without a store."""
    return in_force(Store(data))


def text_of(data: Path) -> str:
    """The file of schedules in force, for pages; empty when none was ever adopted."""
    adopted = versions(data)
    return str(adopted[-1].facts["text"]) if adopted else ""


def versions(data: Path) -> list[Event]:
    """Every adopted file of schedules, oldest first, for pages: facts text, actor and reason. Raises DamagedFile, KeyMissing."""
    return rules.read(Store(data), {Type.SCHEDULE}, for_page=True)


def in_force(store: Store) -> Schedules | None:
    """The schedules that were adopted last, or None: then nothing is ever disposed of."""
    text = text_in_force(store)
    return parse(text) if text else None


def text_in_force(store: Store) -> str:
    """The file of schedules in force, word for word; empty when none was ever adopted."""
    adopted = rules.read(store, {Type.SCHEDULE})
    return str(adopted[-1].facts["text"]) if adopted else ""
