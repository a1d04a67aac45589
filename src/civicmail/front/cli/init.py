"""`civicmail init`: a new installation."""

from __future__ import annotations

from civicmail.core.config.errors import ConfigError
from civicmail.core.config.load import FILE
from civicmail.core.config.template import render
from civicmail.core.disk.files import OS_FILES
from civicmail.front.cli import options, output
from civicmail.mail.archive import layout


def init(data: options.Data = None) -> None:
    """Make a data folder with settings and keys. The recovery key is shown this once: write it down."""
    folder = options.data_folder(data)
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is there already and is no folder.")
    if (folder / FILE).exists():
        raise ConfigError(f"{folder} is initialised already; nothing was changed.")
    if folder.exists() and {p.name for p in folder.iterdir()} - {"lost+found"}:
        half = " It has keys and no settings: an `init` before this one did not finish." if (folder / "keys").exists() else ""
        raise ConfigError(f"{folder} is not empty; nothing was changed.{half} Name a new or an empty folder.")
    OS_FILES.make_folder(folder)
    folder.chmod(0o700)
    recovery = layout.make(folder)
    OS_FILES.replace(folder / FILE, render().encode())  # last: its presence says that everything is there
    output.words(f"Made {folder}. Its settings are in {FILE}.")
    output.words("The recovery key opens the archive when the master key is lost. Keep it on paper; it is not shown again:")
    output.words(f"    {recovery}")
    output.words("Then prove that you have it: civicmail keys prove-recovery --data " + str(folder))
