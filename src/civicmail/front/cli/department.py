"""`civicmail department`: the departments, and the mode in which each uses Civicmail (docs/operate/pilot.md)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer

from civicmail.city.directory import store
from civicmail.city.directory.departments import Department
from civicmail.city.identity.acts.departments import LEAD_DEPARTMENT
from civicmail.city.policy.delivery import Mode
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.front.cli import act_commands, actors, options, output
from civicmail.front.cli.groups import group

app = group("The departments of the city, and whose mail is ours yet.")


@app.command("list")
def list_(installation: options.Installation, json: options.Json = False) -> None:
    """List departments with mode, its start, and number of addresses."""
    folder = installation.folder()
    departments = sorted(store.load(folder).by_name.values(), key=lambda d: d.name)
    for department in departments:
        if json:
            output.emit(_plain(department))
        else:
            since = f"since {output.when(department.since)}" if department.since else "from the beginning"
            output.show(f"{department.name}  {department.mode} {since}  {len(department.addresses)} addresses")
    if not departments and not json:
        output.words("No departments; `civicmail department open FILE` brings them.")
    if store.is_by_hand(folder) and not json:
        output.words(f"Of {store.DIRECTORY}, which a person wrote. `civicmail department open` makes it one list with the pages.")
    elif (folder / store.DIRECTORY).exists() and not json:
        output.words(f"{store.DIRECTORY} is not read. Open it: `civicmail department open {folder / store.DIRECTORY}`.")


@app.command()
def mode(
    name: Annotated[str, typer.Argument(metavar="DEPARTMENT")],
    mode: Annotated[str, typer.Argument(metavar="elsewhere|observe|live")],
    credentials: options.CredentialsWithReason,
    json: options.Json = False,
) -> None:
    """Say whose mail this department's is. Running processes follow within seconds; mail that waits takes the new way."""
    folder, settings = credentials.open()
    if mode not in get_args(Mode):
        raise UsageError(f"A department is in one of the modes {', '.join(get_args(Mode))}.")
    options.why(credentials.reason)

    now = now_ms()

    @contextmanager
    def entering(facts: dict[str, str]) -> Iterator[str]:
        with actors.in_files(folder, "department mode", facts, credentials, now=now) as by:
            yield by.entry

    new_mode = cast(Mode, mode)
    elsewhere = settings.courier.elsewhere
    before = store.set_mode(folder, name, new_mode, elsewhere=elsewhere, now=now, entering=entering)
    if json:
        output.emit(_plain(store.load(folder).by_name[name]) | {"before": before.mode})
    else:
        output.show(f"{name} is {mode}; it was {before.mode}.")


@app.command("open")
def open_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The list as TOML or CSV (docs/operate/people.md).")],
    reason: options.Why,
    sign_in: options.OptionalSignIn,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    json: options.Json = False,
) -> None:
    """Bring a whole list of departments, with heads, deputies and addresses; others stay as they are. All or nothing.

    A directory.toml of the data folder is put away by it: gateways follow the list of the access office from then on.

    Exit 1: clashes, and nothing is done.
    """
    content = options.content_of(file)
    desk = actors.office("department open", sign_in, tables=True)
    from civicmail.city.directory import department_file
    from civicmail.city.identity.actions import department_import, department_routing

    lists = department_file.read(content, file.name)
    done = department_import.import_departments(lists, actor=desk.actor, reason=reason, now=desk.now, dry_run=dry_run)
    by_hand = desk.folder / store.DIRECTORY
    if not dry_run and not done.clashes and by_hand.exists() and file.samefile(by_hand):
        department_routing.put_away_file()
    if json:
        output.emit({"new": done.new, "changed": done.changed, "clashes": done.clashes, "done": not (dry_run or done.clashes)})
    else:
        _say_opened(done, dry_run)
    if done.clashes:
        raise typer.Exit(1)


def _say_opened(done: Any, dry_run: bool) -> None:
    for word, codes in (("new", done.new), ("changed", done.changed)):
        for code in codes:
            output.show(f"{word:8} {code}")
    for code, why in done.clashes.items():
        output.show(f"clash    {code}: {why}")
    end = "; nothing is done." if dry_run or done.clashes else "."
    output.words(f"{len(done.new)} new, {len(done.changed)} changed, {len(done.clashes)} clashes{end}")


act_commands.add(app, LEAD_DEPARTMENT)


def _plain(department: Department) -> dict[str, Any]:
    return {
        "name": department.name,
        "mode": department.mode,
        "since": department.since,
        "entry": department.entry,
        "addresses": len(department.addresses),
    }
