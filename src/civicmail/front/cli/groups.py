"""Command groups, such as `civicmail queue`, and their help."""

from __future__ import annotations

import re
from typing import Any

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


def group(help_: str) -> typer.Typer:
    """A command to which a module adds its verbs. Without a verb it prints its help."""
    app = typer.Typer(cls=Verbs, add_completion=False, rich_markup_mode=None, help=help_, no_args_is_help=True)
    app.callback()(lambda: None)  # else a single verb would be the command itself
    return app


def _first_sentence(text: str) -> str:
    match = _FIRST.match(text)
    return " ".join((match.group() if match else text).split())
