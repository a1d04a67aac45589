"""Command groups, such as `civicmail queue`, and their help."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints

import typer
from typer.core import TyperGroup

from civicmail.front.cli import verbs

_FIRST = re.compile(r".+?\.(?=\s|$)", re.DOTALL)


class Verbs(TyperGroup):
    """Its help gives the whole first sentence of each verb; the usual one is cut to what fits a line."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, if it has a row in verbs.py. Raises NobodyDecided."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            verbs.line(f"{self.name} {cmd_name}")
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _first_sentence(self.commands[name].help or "")) for name in self.list_commands(ctx)])


class Commands(typer.Typer):
    """Its commands may take groups of options (options.py), each as one parameter."""

    def command(self, name: str | None = None, **settings: Any) -> Any:
        add = super().command(name, **settings)

        def added[Command: Callable[..., None]](command: Command) -> Command:
            add(_spread(command))
            return command

        return added


def group(help_: str) -> typer.Typer:
    """A command to which a module adds its verbs. Without a verb it prints its help."""
    app = Commands(cls=Verbs, add_completion=False, rich_markup_mode=None, help=help_, no_args_is_help=True)
    app.callback()(lambda: None)  # else a single verb would be the command itself
    return app


def _first_sentence(text: str) -> str:
    match = _FIRST.match(text)
    return " ".join((match.group() if match else text).split())


def _spread(command: Callable[..., None]) -> Callable[..., None]:
    """The same command with the options of its groups as parameters of its own, which typer reads."""
    parameters = inspect.signature(command, eval_str=True).parameters
    groups: dict[str, Any] = {name: p.annotation for name, p in parameters.items() if is_dataclass(p.annotation)}

    @wraps(command)
    def call(**given: Any) -> None:
        made = {name: group(**{field.name: given.pop(field.name) for field in fields(group)}) for name, group in groups.items()}
        command(**made, **given)

    set_parameters(call, (p for parameter in parameters.values() for p in _parameters(parameter)))
    return call


def set_parameters(command: Callable[..., None], parameters: Iterable[inspect.Parameter]) -> None:
    """Set what typer reads of a command."""
    by_keyword = [p.replace(kind=p.KEYWORD_ONLY) for p in parameters]
    command.__signature__ = inspect.Signature(by_keyword)  # type: ignore[attr-defined]  # functions have one, Callable does not
    command.__annotations__ = {p.name: p.annotation for p in by_keyword}


def _parameters(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    """The parameter; those of its fields for a group of options."""
    if not is_dataclass(parameter.annotation):
        return [parameter]
    group: Any = parameter.annotation
    types = get_type_hints(group, include_extras=True)
    return [p.replace(annotation=types[p.name]) for p in inspect.signature(group).parameters.values()]
