"""`civicmail department`: which departments there are, and whose mail is ours yet (docs/operate/pilot.md)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, cast, get_args

import typer

from civicmail.city.directory import store
from civicmail.city.directory.departments import Department
from civicmail.city.policy.delivery import Mode
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.front.cli import acting, door, options, output
from civicmail.front.cli.groups import group

app = group("Departments, as directory.toml in the data folder names them, and whose mail is ours yet.")
Deputies = Annotated[list[str] | None, typer.Option("--deputy", metavar="PERSON", help="Who decides, too; once for each.")]


@app.command("list")
def list_(data: options.Data = None, config: options.Config = None, json: options.Json = False) -> None:
    """One line for each department: its mode, since when, how many addresses."""
    folder, _ = options.installation(data, config)
    found = sorted(store.load(folder).by_name.values(), key=lambda d: d.name)
    for one in found:
        if json:
            output.emit(_plain(one))
        else:
            since = f"since {output.when(one.since)}" if one.since else "from the beginning"
            output.show(f"{one.name}  {one.mode} {since}  {len(one.addresses)} addresses")
    if not found and not json:
        output.words(f"No departments; {store.DIRECTORY} in the data folder names them.")


@app.command()
def mode(
    name: Annotated[str, typer.Argument(metavar="DEPARTMENT")],
    mode: Annotated[str, typer.Argument(metavar="elsewhere|observe|live")],
    reason: options.Why,
    data: options.Data = None,
    as_: options.As = "",
    duty: options.Duty = "",
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Say whose mail this department's is. Running processes follow within seconds; mail that waits takes the new way."""
    folder, settings = options.installation(data, config)
    if mode not in get_args(Mode):
        raise UsageError(f"A department is in one of the modes {', '.join(get_args(Mode))}.")
    options.why(reason)

    now, asker = now_ms(), door.Asker(as_, duty, reason, config)

    @contextmanager
    def entering(facts: dict[str, str]) -> Iterator[str]:
        with acting.in_files(folder, "department mode", facts, asker, now=now) as by:
            yield by.entry

    wanted = cast(Mode, mode)
    elsewhere = settings.courier.elsewhere
    before = store.set_mode(folder, name, wanted, elsewhere=elsewhere, now=now, entering=entering)
    if json:
        output.emit(_plain(store.load(folder).by_name[name]) | {"before": before.mode})
    else:
        output.show(f"{name} is {mode}; it was {before.mode}.")


@app.command()
def lead(
    code: Annotated[str, typer.Argument(metavar="DEPARTMENT", help="The code of a department.")],
    reason: options.Why,
    head: Annotated[str, typer.Option("--head", metavar="PERSON", help="Who decides for it; else nobody.")] = "",
    deputy: Deputies = None,
    as_: options.As = "",
    data: options.Data = None,
    config: options.Config = None,
) -> None:
    """Say who decides for a department: exactly these from now on."""
    desk = acting.office("department lead", data, config, as_, now=now_ms())
    from civicmail.city.access.actions import structure

    who, others = (acting.named(head) if head else None), [acting.named(d) for d in deputy or ()]
    structure.lead_department(acting.department(code), who, others, actor=desk.actor, reason=reason, now=desk.now)
    names = " and ".join(str(p) for p in (who, *others) if p)
    output.show(f"{code} is decided for by {names or 'nobody'}.")


def _plain(one: Department) -> dict[str, Any]:
    return {"name": one.name, "mode": one.mode, "since": one.since, "entry": one.entry, "addresses": len(one.addresses)}
