"""Write manual pages: civicmail(1) from the commands, civicmail.toml(5) from the settings.

    .venv/bin/python tools/manpages.py FOLDER [SECONDS]

SECONDS since 1970: the date that the pages bear.
"""

from __future__ import annotations

import importlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from civicmail.core.config import explain
from civicmail.core.config.release import VERSION
from civicmail.core.config.template import toml
from civicmail.front.cli import verbs
from civicmail.front.cli.main import COMMANDS, SECTIONS

CODES = {0: "ok", 1: "found a problem", 2: "wrong words", 3: "settings or folder cannot be used", 4: "refused by a rule"}
CODES |= {5: "try again later", 70: "a bug of the program", 130: "stopped"}


def roff(text: str) -> str:
    """Words as roff takes them: on one line, nothing in them a request."""
    words = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{words}" if words.startswith((".", "'")) else words


def heading(name: str, section: int, title: str, seconds: int) -> list[str]:
    day = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    return [f'.TH {name.upper()} {section} {day} "Civicmail {VERSION}" "{title}"', ".SH NAME"]


def _called(name: str) -> Any:
    """The command as its own help knows it."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    target = getattr(importlib.import_module(f"civicmail.front.cli.{module}"), attribute)
    if isinstance(target, typer.Typer):
        return typer.main.get_command(target)
    app = typer.Typer(add_completion=False)
    app.command(name)(target)
    return typer.main.get_command(app)


def _verb(words: str, command: Any) -> list[str]:
    """One command: usage, summary, options."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    usage = " ".join(roff(a.metavar or str(a.name).upper()) for a in arguments)
    lines = [
        ".TP",
        f".B civicmail {roff(words)}\n{usage} [options]" if usage else f".B civicmail {roff(words)}",
        roff(command.help or ""),
    ]
    if act := verbs.VERBS[words].act:
        lines.append(f"(act of the guard: {roff(act)})")
    lines.append(".RS")
    for option in (p for p in command.params if p.param_type_name == "option" and not getattr(p, "hidden", False)):
        lines += [".TP", f".B {roff(', '.join(option.opts))}", roff(getattr(option, "help", "") or "\\&")]
    return [*lines, ".RE"]


def commands(seconds: int) -> str:
    """civicmail(1): every command of the table in verbs.py."""
    lines = [*heading("civicmail", 1, "Commands", seconds), "civicmail \\- a city's e\\-mail system", ".SH SYNOPSIS"]
    lines += [".B civicmail", ".RI [ \\-\\-version ]", ".I command", ".RI [ options ]", ".SH DESCRIPTION"]
    lines += ["Receives and screens mail, archives every message before acknowledging it, delivers it, and makes it searchable."]
    for title, section in SECTIONS.items():
        lines.append(f".SH {title.upper()}")
        for name in section:
            command = _called(name)
            each = getattr(command, "commands", None)
            for words, verb in [(f"{name} {v}", c) for v, c in each.items()] if each else [(name, command)]:
                lines += _verb(words, verb)
    lines.append(".SH EXIT STATUS")
    for code, meaning in CODES.items():
        lines += [".TP", str(code), meaning]
    lines += [".SH FILES", "/var/lib/civicmail, /etc/civicmail/environment", ".SH SEE ALSO", "civicmail.toml(5)"]
    return "\n".join(lines) + "\n"


def settings(seconds: int) -> str:
    """civicmail.toml(5): every setting with its kind and its default."""
    lines = [*heading("civicmail.toml", 5, "Settings", seconds), "civicmail.toml \\- settings of a Civicmail installation"]
    lines += [".SH DESCRIPTION", "TOML, in the data folder. A variable CIVICMAIL__SECTION__KEY of the environment comes before it."]
    last = ""
    for setting in explain.all_settings():
        section = setting.key.partition(".")[0]
        if section != last:
            lines, last = [*lines, f".SH [{roff(section)}]"], section
        default = roff(toml(setting.default))
        lines += [".TP", f".B {roff(setting.key)}", f"({roff(setting.kind)}, default {default})", ".br", roff(setting.help)]
    return "\n".join([*lines, ".SH SEE ALSO", "civicmail(1)"]) + "\n"


def write(place: Path, seconds: int) -> None:
    """Both pages, below man1 and man5 of a folder."""
    for section, name, text in ((1, "civicmail", commands(seconds)), (5, "civicmail.toml", settings(seconds))):
        folder = place / f"man{section}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.{section}").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
