"""`civicmail department`: which departments there are, and whose mail is ours yet (docs/operate/pilot.md)."""

from __future__ import annotations

from typing import Annotated, Any, cast, get_args

import typer

from civicmail.city.directory import store
from civicmail.city.directory.departments import Department
from civicmail.city.policy.delivery import Mode
from civicmail.core.config.errors import UsageError
from civicmail.core.config.load import load
from civicmail.front.cli import door, options, output

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Departments and their modes.", no_args_is_help=True)


@app.callback()
def department() -> None:
    """Departments, as directory.toml in the data folder names them."""


@app.command("list")
def list_(data: options.Data = None, config: options.Config = None, json: options.Json = False) -> None:
    """One line for each department: its mode, since when, how many addresses."""
    folder = options.data_folder(data)
    load(folder, config)
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
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stays in the record.")],
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Say whose mail this department's is. Running processes follow within seconds; mail that waits takes the new way."""
    folder = options.data_folder(data)
    settings = load(folder, config)
    if mode not in get_args(Mode):
        raise UsageError(f"A department is in one of the modes {', '.join(get_args(Mode))}.")
    if not reason.strip():
        raise UsageError("Say why, with --reason TEXT.")

    def write(facts: dict[str, str]) -> str:
        return door.permit(folder, "department mode", facts, reason=reason).entry

    wanted = cast(Mode, mode)
    elsewhere = settings.courier.elsewhere
    before = store.set_mode(folder, name, wanted, elsewhere=elsewhere, now=door.now_ms(), write=write)
    if json:
        output.emit(_plain(store.load(folder).by_name[name]) | {"before": before.mode})
    else:
        output.show(f"{name} is {mode}; it was {before.mode}.")


def _plain(one: Department) -> dict[str, Any]:
    return {"name": one.name, "mode": one.mode, "since": one.since, "entry": one.entry, "addresses": len(one.addresses)}
