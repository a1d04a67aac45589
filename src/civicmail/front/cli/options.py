"""Options shared by many commands, alone and in groups.

A command takes a group of options as one parameter of its class, such as `credentials: options.Credentials`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.errors import UsageError
from civicmail.core.config.load import load
from civicmail.core.config.settings import Settings

Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="The data folder (default: $CIVICMAIL_DATA).")]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Another settings file than DIR/civicmail.toml.")]
Json = Annotated[bool, typer.Option("--json", help="For machines: one JSON object per line.")]
Who = Annotated[str, typer.Argument(metavar="PERSON", help="The number in the directory, or the sign-in name.")]
As = Annotated[
    str,
    typer.Option("--as", metavar="PERSON", help="Claimed installations: who asks, with a token (CIVICMAIL_TOKEN_FILE, or asked)."),
]
Signed = Annotated[str, typer.Option("--as", metavar="PERSON", help="Who you are, with a token (CIVICMAIL_TOKEN_FILE, or asked).")]
Mandate = Annotated[
    str, typer.Option("--mandate", metavar="NUMBER", help="Claimed installations: the mandate under which you look, like 26-014.")
]
Role = Annotated[str, typer.Option("--duty", metavar="ROLE", help="Claimed installations: as which role.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Claimed installations: why; it stays in the record.")]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stays in the record.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The options --data and --config."""

    data: Data = None
    config: Config = None

    def folder(self) -> Path:
        """The data folder. Raises UsageError and ConfigError, as open."""
        return self.open()[0]

    def open(self) -> tuple[Path, Settings]:
        """The data folder with its settings. Raises UsageError if none is named, ConfigError if it cannot be used."""
        folder = data_folder(self.data)
        return folder, load(folder, self.config)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionalSignIn(Installation):
    """As Installation, and in claimed installations who signs in with a token."""

    as_: As = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn(OptionalSignIn):
    """A sign-in that every installation asks for."""

    as_: Signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials(OptionalSignIn):
    """Who performs an act, as which role, why."""

    role: Role = ""
    reason: Reason = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsWithReason(Credentials):
    """Credentials for a change, which always needs a reason."""

    reason: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentCredentials(Credentials):
    """Credentials for content, and the examination."""

    mandate: Mandate = ""


def data_folder(given: Path | None) -> Path:
    """The data folder that the command line or the environment names, absolute; it may not be there yet."""
    if given is None:
        named = os.environ.get("CIVICMAIL_DATA")
        if not named:
            raise UsageError("Name the data folder with --data DIR or CIVICMAIL_DATA.")
        given = Path(named)
    return given.absolute()


def content_of(file: Path) -> bytes:
    """The content of a file. Raises UsageError."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None


def text_of(file: Path) -> str:
    """The text of a file in UTF-8. Raises UsageError."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8.") from None


def day(text: str) -> date:
    """A day like 2026-12-31. Raises UsageError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text} is not a day like 2026-12-31.") from None


def end_of(text: str) -> int:
    """The end of a day like 2026-12-31 in the city's time zone, in ms; once the tables are open. Raises UsageError."""
    from civicmail.city.pages import forms

    return forms.end_of_day(day(text))


def last_day(ends: datetime) -> str:
    """The last day before an end, like 2026-12-31; needs the tables."""
    from civicmail.city.pages import days

    return days.last_day(ends).isoformat()


def why(reason: str) -> str:
    """The reason. Raises UsageError if it is empty."""
    if not reason.strip():
        raise UsageError("Give a reason with --reason TEXT.")
    return reason.strip()
