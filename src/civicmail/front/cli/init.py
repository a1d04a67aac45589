"""`civicmail init`: make a new installation."""

from __future__ import annotations

import shlex
from pathlib import Path

from civicmail.core.config.errors import ConfigError
from civicmail.core.config.load import FILE
from civicmail.core.config.settings import Settings
from civicmail.core.config.template import render, starter
from civicmail.core.disk.files import OS_FILES
from civicmail.front.cli import options, output
from civicmail.mail.archive import layout


def init(data: options.Data = None) -> None:
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
    OS_FILES.make_folder(folder)
    folder.chmod(0o700)
    recovery = layout.make(folder)
    OS_FILES.replace(folder / FILE, render(starter()).encode())  # last: its presence says that everything is there
    output.words(f"Made {folder}. Its settings are in {FILE}.")
    output.words("The recovery key opens the archive when the master key is lost. Keep it on paper; it is not shown again:")
    output.words(f"    {recovery}")
    for line in _next(folder, starter()):
        output.words(line)


def _settings_anew(folder: Path) -> None:
    """Write a lost settings file again; the archive stays."""
    OS_FILES.replace(folder / FILE, render(starter()).encode())
    output.words(f"{folder} has keys and mail, and its settings were lost: {FILE} was written anew, and nothing else was touched.")
    output.words(
        "Write name, mail domains, listeners and next hops of the city into it before you start; until then mail would be refused."
    )


def _next(folder: Path, settings: Settings) -> list[str]:
    """Print the next steps with purpose and command."""
    first = settings.gateway.listener[0]
    where = f"mail on {first.address}, port {first.port}, pages at {settings.web.pages}"
    claim = "access claim --uid NUMBER --given NAME --family NAME --department CODE=NAME --reason TEXT"
    return [
        "What comes next:",
        f"1. Write the name and the mail domains of the city into {folder / FILE}, section [city].",
        f"2. Start it ({where}), and leave it running:",
        command("run", folder),
        "3. In another terminal, prove that you have the recovery key:",
        command("keys prove-recovery", folder),
        "4. Make the first access officer. It prints the link of the first sign-in, and nobody reads mail unasked from then on:",
        command(claim, folder),
        f"5. Open {settings.web.pages} in a browser: it lists what else is to be set up, and how.",
    ]


def command(words: str, folder: Path) -> str:
    """A line that can be typed as it is: this program as it was called, on this folder."""
    return f"    {output.program()} {words} --data {shlex.quote(str(folder))}"
