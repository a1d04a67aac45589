"""`civicmail init`: make a new installation."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.errors import ConfigError, UsageError
from civicmail.core.config.load import FILE
from civicmail.core.config.settings import City, Settings
from civicmail.core.config.template import render, starter
from civicmail.core.config.values import complaint
from civicmail.core.disk.files import OS_FILES
from civicmail.front.cli import options, output
from civicmail.mail.archive import layout


def init(
    data: options.Data = None,
    name: Annotated[str, typer.Option("--name", help="Name of the city, as pages and letters bear it.")] = "",
    domain: Annotated[list[str] | None, typer.Option("--domain", help="A mail domain of the city; may be repeated.")] = None,
) -> None:
    """Make a data folder with settings and keys. The recovery key is shown this once: write it down."""
    folder = options.data_folder(data)
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is there already and is not a folder.")
    if (folder / FILE).exists():
        raise ConfigError(f"{folder} is initialized already; nothing was changed.")
    if layout.has_mail(folder):
        _settings_anew(folder)
        return
    if folder.exists() and {p.name for p in folder.iterdir()} - {"lost+found"}:
        half = " It has keys and no settings: an `init` before this one did not finish." if (folder / "keys").exists() else ""
        raise ConfigError(f"{folder} is not empty; nothing was changed.{half} Name a new or an empty folder.")
    settings = replace(starter(), city=_named(starter().city, name, domain or []))
    OS_FILES.make_folder(folder)
    folder.chmod(0o700)
    recovery = layout.make(folder)
    OS_FILES.replace(folder / FILE, render(settings).encode())  # last: its presence says that everything is there
    output.words(
        f"Made {folder}. Its settings are in {folder / FILE}: the name and the mail domains of the city, ports, next hops."
    )
    output.words("The recovery key opens the archive when the master key is lost. Keep it on paper; it is not shown again:")
    output.words(f"    {recovery}")
    for line in _next(folder, settings):
        output.words(line)


def _named(city: City, name: str, domains: list[str]) -> City:
    """The city with its name and domains, where they are given. Raises UsageError."""
    if domains and (wrong := complaint(("City", "domains"), [each.lower() for each in domains])):
        raise UsageError(f"--domain {wrong}.")
    return replace(city, name=name or city.name, domains=[each.lower() for each in domains] or city.domains)


def _settings_anew(folder: Path) -> None:
    """Write a lost settings file again; the archive stays."""
    OS_FILES.replace(folder / FILE, render(starter()).encode())
    output.words(f"{folder} has keys and mail, and its settings were lost: {FILE} was written anew, and nothing else was touched.")
    output.words(
        "Write name, mail domains, listeners and next hops of the city into it before you start; until then mail would be refused."
    )


def _next(folder: Path, settings: Settings) -> list[str]:
    """Print the next steps with purpose and command."""
    from civicmail.city.identity import setup_code

    first = settings.gateway.listener[0]
    return [
        "What comes next:",
        f"1. Start it (mail on {first.address}, port {first.port}), and leave it running:",
        command("run", folder),
        f"2. Open {settings.web.pages} in a browser, and claim the installation with the setup code {setup_code.make(folder)}",
        f"   (it is also in {setup_code.path(folder)}). The page then lists what else is to be set up, and how.",
    ]


def command(words: str, folder: Path) -> str:
    """A line that can be typed as it is: this program as it was called, on this folder."""
    return f"    {output.program()} {words} --data {shlex.quote(str(folder))}"
