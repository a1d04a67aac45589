"""`civicmail people`: the directory and the personnel feeds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from civicmail.city.identity.acts.feed_keys import MAKE_FEED_KEY
from civicmail.city.identity.acts.people import ACTS
from civicmail.city.identity.lists.people import PEOPLE
from civicmail.core.config.errors import UsageError
from civicmail.front.cli import act_commands, actors, list_commands, options, output
from civicmail.front.cli.groups import group

_Despite = Annotated[
    bool,
    typer.Option("--despite-brake", help="The brake holds it, and it is right: somebody looked at the people whom it is about."),
]
_Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stays in the record.")]

app = group("The people of the city, as the personnel system and the departments have them.")
list_commands.add(app, PEOPLE)
for _act in (*ACTS, MAKE_FEED_KEY):
    act_commands.add(app, _act)


@app.command()
def sync(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The list as CSV (docs/operate/people.md).")],
    sign_in: options.OptionalSignIn,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    mapping: Annotated[str, typer.Option("--mapping", metavar="NAME", help="A mapping that the access office keeps.")] = "",
    despite_brake: _Despite = False,
    reason: _Why = "the personnel list",
    json: options.Json = False,
) -> None:
    """Bring the directory up to the personnel system's list. It adds, changes and ends people, and never grants access.

    A file with other columns is read by a mapping that was kept on the page; it is known by its first line, too.

    Exit 1: lines were refused, and these people stay as they are. Exit 4: the brake; look at who would be ended.
    """
    desk = actors.office("people sync", sign_in, tables=True)
    run = _proposed(options.content_of(file), file.name, mapping, desk)
    _finish(run, desk, dry_run, despite_brake, reason, json)


@app.command()
def pull(
    sign_in: options.OptionalSignIn,
    source: Annotated[
        str, typer.Argument(metavar="[SOURCE]", help="The name of an LDAP source; needed where there are several.")
    ] = "",
    apply: Annotated[bool, typer.Option("--apply", help="Do it, where the brake does not hold it.")] = False,
    despite_brake: _Despite = False,
    reason: _Why = "the personnel list",
    json: options.Json = False,
) -> None:
    """Ask an LDAP server who works for the city ([[feeds.ldap]]), and say what would be done; with --apply do it.

    Exit 1: entries were refused, and these people stay as they are. Exit 4: the brake; look at who would be ended.
    """
    desk = actors.office("people pull", sign_in, tables=True)
    from civicmail.city.guard import guard
    from civicmail.city.identity.actions import feedpull

    guard.require(desk.actor, "feed.pull", now=desk.now)
    run = feedpull.pull(feedpull.source_named(source), actor=desk.actor, now=desk.now)
    _finish(run, desk, not apply, despite_brake, reason, json)


def _proposed(content: bytes, name: str, mapping: str, desk: Any) -> Any:
    """Read with our own columns, the named mapping, or the one that matches the first line."""
    from civicmail.city.directory import feed_table
    from civicmail.city.directory.models import FeedMapping
    from civicmail.city.guard import guard
    from civicmail.city.identity.actions import feed, feedmaps

    guard.require(desk.actor, "feed.run", now=desk.now)
    saved = FeedMapping.objects.filter(name=mapping.lower()).first() if mapping else None
    if mapping and saved is None:
        names = ", ".join(FeedMapping.objects.values_list("name", flat=True)) or "none"
        raise UsageError(f"There is no mapping {mapping}; there are {names}.")
    if saved is None and not (table := feed_table.read(content)).is_ours:
        saved = feedmaps.find_mapping(table)
    if saved is None:
        return feed.propose(content, source=name, actor=desk.actor, now=desk.now)
    return feedmaps.propose(content, feedmaps.columns_of(saved), source=name, actor=desk.actor, now=desk.now)


def _finish(run: Any, desk: Any, dry_run: bool, despite_brake: bool, reason: str, json: bool) -> None:
    """Print the changes, and apply them unless it is a dry run. Raises typer.Exit 1 if lines were refused."""
    from civicmail.city.identity.actions import feed

    counts = {did: run.lines.filter(did=did).count() for did in ("added", "changed", "ended", "refused")}
    if not json:
        for line in run.lines.filter(did__in=["ended", "refused"] if not dry_run else ["added", "changed", "ended", "refused"]):
            where = f"line {line.line}" if line.line else ""
            output.show(f"{line.did:8} {where:10} {line.uid:12} {line.reason or _addressed(line)}".rstrip())
    if not dry_run:
        run = feed.apply(run, actor=desk.actor, reason=reason, now=desk.now, despite_brake=despite_brake)
    output.emit({**counts, "state": run.state}) if json else output.words(_summary(counts, run.state, run.brake))
    if counts["refused"]:
        raise typer.Exit(1)


def _addressed(line: Any) -> str:
    """The person's present address, if there is nothing else to report."""
    return str(line.changes.get("address", ["", ""])[1])


def _summary(counts: dict[str, int], state: str, brake: str) -> str:
    words = ", ".join(f"{count} {did}" for did, count in counts.items())
    return words + {"applied": ".", "stopped": f"; the brake holds it. {brake}"}.get(state, "; nothing is done yet.")


@app.command()
def show(person: options.Who, sign_in: options.OptionalSignIn, json: options.Json = False) -> None:
    """Show a person's work, mailboxes and access."""
    desk = actors.office("people show", sign_in)
    from civicmail.city.guard import guard
    from civicmail.city.identity.queries.actors import about_person

    who = actors.named(person)
    guard.require(desk.actor, "roster.see", about_person(who), now=desk.now)
    plain = _plain(who, desk.now)
    if json:
        output.emit(plain)
        return
    output.show(f"{plain['name']} ({plain['uid']})")
    for line in (*plain["work"], *plain["access"]):
        output.show(f"    {line}")
    output.show(f"    {plain['why'] or 'May send and receive.'}")


def _plain(who: Any, now: int) -> dict[str, Any]:
    from civicmail.city.identity.authorization_states import WORDS
    from civicmail.city.identity.queries import access_status

    work = [
        f"{e.kind} of {e.department.code}{f', {e.position}' if e.position else ''}, {e.starts} to {e.ended or 'now'}"
        for e in who.episodes.select_related("department")
    ]
    kept = [] if who.mailboxes.exists() else [f"{r.address}: kept" for r in who.reserved.order_by("-main", "address")]
    access = [
        f"{a.mailbox.address}: {a.role}, {WORDS[a.state][1].lower()} until {options.last_day(a.until)}"
        for a in who.authorizations.select_related("mailbox")
    ]
    return {
        "uid": who.uid,
        "name": who.display,
        "work": work,
        "access": access or kept,
        "why": access_status.why_refused(who.pk, now),
    }
