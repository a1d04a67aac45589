"""Commands of lists (city/pages/lists.py): a line, or with `--json` an object, is made from the columns."""

from __future__ import annotations

import inspect
from datetime import date
from typing import Annotated, Any

import typer

from civicmail.city.pages.lists import List, ListRequest
from civicmail.front.cli import act_commands, actors, options, output, verbs
from civicmail.front.cli.groups import set_parameters


def add(app: typer.Typer, definition: List) -> None:
    """Add the command of a list to the commands of its group."""
    endpoint = definition.command
    assert endpoint is not None, definition.name
    verbs.VERBS[endpoint.verb] = verbs.Line(act=definition.permission)

    def command(sign_in: options.OptionalSignIn, *, json: bool = False, **given: str) -> None:
        opened = actors.signed_in if endpoint.personal else actors.office
        desk = opened(endpoint.verb, sign_in)
        from civicmail.city.guard import guard

        parent = definition.find_parent(**{name: given[name] for name in endpoint.parameters})
        request = ListRequest(desk.actor, desk.now, parent)
        guard.require(desk.actor, definition.permission, definition.resource(request), now=desk.now)
        rows = definition.rows(request)
        for each in definition.filters:
            value = endpoint.fixed.get(each.key) or given.get(each.key, "")
            rows = each.remaining(rows, value, request) if value else rows
        columns = {column.key: column for column in definition.columns if column.key in endpoint.columns}
        for row in definition.with_related(rows).order_by(*endpoint.order or [definition.order]):
            if json:
                output.emit({endpoint.renamed.get(key, key): _plain(columns[key].of(row)) for key in endpoint.columns})
            else:
                output.show(endpoint.line(row))

    parameters = [act_commands.row_parameter(name, each) for name, each in endpoint.parameters.items()]
    parameters += [_filter(each.key, each.label) for each in definition.filters if each.key in endpoint.filters]
    set_parameters(command, [*parameters, *act_commands.common_parameters(personal=endpoint.personal, json=True)])
    app.command(endpoint.verb.split()[-1], help=definition.summary)(command)


def _filter(key: str, label: str) -> inspect.Parameter:
    option = typer.Option(f"--{key}", metavar="TEXT", help=f"Only those: {label.lower()}.")
    return inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[str, option], default="")


def _plain(value: Any) -> Any:
    """A value for a program: a person by number, a time or day in ISO 8601, "" for nothing."""
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else getattr(value, "uid", value)
