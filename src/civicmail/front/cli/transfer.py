"""`civicmail archive transfer`: mail of a class for the state archives, as a bag with finding aid and proofs (RFC 8493, P-23)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from civicmail.city.law.schedule_changes import period
from civicmail.city.law.schedules import Schedule, Schedules
from civicmail.core.config.errors import UsageError
from civicmail.front.cli import content_access, options, output
from civicmail.front.cli.index_query import IndexQuery, Query, hits, reader_of, resolve_threads, searchable_count, words_of
from civicmail.mail.archive import classes
from civicmail.mail.archive.errors import NotDisposed
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search.search import Hit


def transfer(
    class_: Annotated[
        str, typer.Argument(metavar="CLASS", help="One whose schedule is permanent or notifies the State Historical Society.")
    ],
    query: Query,
    out: Annotated[Path, typer.Option(metavar="PATH", help="A new or empty folder for the bag.")],
    credentials: options.ContentCredentials,
    json: options.Json = False,
) -> None:
    """Write mail of a retention class as a bag for the state archives, with a finding aid and proofs. Removes nothing.

    What the query finds and has the class is taken; rcpt:* finds everything."""
    from civicmail.desk.workbench import bag
    from civicmail.desk.workbench.export import Message
    from civicmail.front.cli import proofs

    folder, settings = credentials.open()
    schedules, schedule = _schedule(folder, class_)
    text, tree = words_of(query)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} must be a new or empty folder.")
    opened = content_access.open_content(folder, "archive transfer", {"query": text, "class": class_}, credentials)
    archive, reader = Archive(folder), reader_of(folder)
    tree = resolve_threads(reader, tree, archive, opened)
    subjects: dict[str, str] = {}

    def fits(hit: Hit, message: Message) -> bool:
        known = classes.classes_of(message.capture, archive.events(opened.permit, message.capture.id), schedules)
        if class_ not in known:
            return False
        subjects[message.capture.uuid] = hit.subject
        return True

    about = proofs.about(opened, settings.city.name, text)
    coverage = {"searchable": searchable_count(reader), "archived": archive.count()}
    results = hits(reader, IndexQuery(tree, 0, "oldest", False))
    writing = proofs.export(archive, opened, results, out / "data" / bag.EXPORT, about, lambda: coverage, fits=fits)
    done, failed = _counted(writing)
    facts = {
        "Source-Organization": settings.city.name,
        "External-Identifier": schedule.id,
        "External-Description": f"{schedule.title} ({class_}), retained {period(schedule)}: {text or 'all'}",
        "Internal-Sender-Description": f"Approved by {schedule.approval}",
        "Contact-Name": opened.permit.person,
    }
    bag.finish(out, f"{schedule.title}: {done:,} messages", facts, subjects, opened.now)
    if json:
        output.emit({"transferred": done, "failed": failed})
    else:
        output.show(f"{done} messages are in the bag {out}" + (f", {failed} could not be read." if failed else "."))
    raise typer.Exit(1 if failed else 0)


def _counted(writing: Iterator[bool]) -> tuple[int, int]:
    done = failed = 0
    with output.progress("Transferring") as report:
        for ok in writing:
            done, failed = done + ok, failed + (not ok)
            report(done)
    return done, failed


def _schedule(data: Path, class_: str) -> tuple[Schedules, Schedule]:
    """The schedules in force and that of the class. Raises NotDisposed where it does not provide for a transfer."""
    schedules = classes.load(data)
    schedule = schedules.by_class.get(class_) if schedules is not None else None
    if schedules is None or schedule is None:
        raise NotDisposed(f"No schedule in force knows the class {class_}.")
    if not schedule.permanent and schedule.historical != "notify":
        raise NotDisposed(f"The schedule of {class_} waives the State Historical Society: nothing of it is transferred.")
    return schedules, schedule
