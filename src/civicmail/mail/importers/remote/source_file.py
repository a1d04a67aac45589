"""Read the file that describes a source: its kind, sign-in and mailboxes (docs/operate/move-in.md).

An unknown key is an error: a setting that is silently ignored is worse than a program that does not start. Secrets are in
files.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civicmail.core.config.errors import ConfigError
from civicmail.mail.importers.remote import gmail, graph
from civicmail.mail.importers.remote.api import Api
from civicmail.mail.importers.remote.imap import Imap
from civicmail.mail.importers.remote.imap_wire import Login, Server
from civicmail.mail.importers.remote.mailbox import Mailbox
from civicmail.mail.importers.remote.source import Patience, Source
from civicmail.mail.importers.remote.tokens import Grant, Tokens

_COMMON_KEYS = {"kind", "mailboxes", "mailboxes_file", "without", "ca", "patience_hours", "token"}
_KEYS_OF_KIND = {"imap": {"server", "login", "user", "password_file"}, "graph": {"server"}, "gmail": {"server"}}
_TOKEN_KEYS = {
    "file": "file",
    "url": "url",
    "client_id": "client_id",
    "client_secret_file": "secret_file",
    "refresh_token_file": "refresh_file",
    "key_file": "key_file",
    "scope": "scope",
    "ca": "ca",
}


@dataclass(frozen=True, slots=True)
class SourceFile:
    source: Source
    mailboxes: tuple[Mailbox, ...]


def load(path: Path, patience: Patience) -> SourceFile:
    """Raises ConfigError with a sentence that names the file."""
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no TOML: {error}.") from None
    try:
        return _Reader(plain).described(patience)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


class _Reader:
    def __init__(self, plain: dict[str, Any]) -> None:
        self._plain = plain

    def described(self, patience: Patience) -> SourceFile:
        kind = self._text("kind")
        if kind not in _KEYS_OF_KIND:
            raise ConfigError(f"kind is {kind!r}; it must be one of {', '.join(_KEYS_OF_KIND)}.")
        if unknown := sorted(self._plain.keys() - _COMMON_KEYS - _KEYS_OF_KIND[kind]):
            raise ConfigError(f"{unknown[0]} is no setting of a source of kind {kind}.")
        hours = self._plain.get("patience_hours", 6)
        if type(hours) not in (int, float) or not 0 < hours <= 168:
            raise ConfigError("patience_hours must be a number from 0 to 168.")
        patience.seconds = hours * 3600.0
        source = self._imap(patience) if kind == "imap" else self._api(kind, patience)
        return SourceFile(source, self._mailboxes())

    def _api(self, kind: str, patience: Patience) -> Source:
        room = {"graph": graph, "gmail": gmail}[kind]
        tokens = self._tokens(room.SCOPE)
        if tokens is None:
            raise ConfigError(f"A source of kind {kind} needs [token].")
        api = Api(self._text("server", room.SERVER), tokens, patience, self._text("ca", ""))
        return graph.Graph(api, self._texts("without")) if kind == "graph" else gmail.Gmail(api, self._texts("without"))

    def _imap(self, patience: Patience) -> Source:
        login = Login(
            self._text("login", "login"),
            self._text("user", "{mailbox}"),
            self._text("password_file", ""),
            self._tokens(),
        )
        return Imap(Server(self._text("server"), self._text("ca", "")), login, patience, self._texts("without"))

    def _tokens(self, scope: str = "") -> Tokens | None:
        plain = self._plain.get("token")
        if plain is None:
            return None
        if not isinstance(plain, dict) or not all(isinstance(value, str) for value in plain.values()):
            raise ConfigError("[token] must be a table of texts.")
        if unknown := sorted(plain.keys() - _TOKEN_KEYS.keys()):
            raise ConfigError(f"{unknown[0]} is no setting of [token].")
        settings = {_TOKEN_KEYS[name]: value for name, value in plain.items()}
        return Tokens(Grant(**{"scope": scope} | settings))

    def _text(self, name: str, default: str | None = None) -> str:
        value = self._plain.get(name, default)
        if not isinstance(value, str) or (not value and default is None):
            raise ConfigError(f"{name} must be a text." if name in self._plain else f"{name} is missing.")
        return value

    def _texts(self, name: str) -> list[str]:
        value = self._plain.get(name, [])
        if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
            raise ConfigError(f"{name} must be a list of texts.")
        return value

    def _mailboxes(self) -> tuple[Mailbox, ...]:
        """From the file and from `mailboxes`, each once; in a file the second column is the custodian, else it is the mailbox."""
        rows = [[name] for name in self._texts("mailboxes")]
        if path := self._text("mailboxes_file", ""):
            try:
                with Path(path).open(encoding="utf-8-sig", newline="") as file:
                    rows += [row for row in csv.reader(file) if row and row[0].strip() not in ("", "mailbox")]
            except (OSError, UnicodeDecodeError, csv.Error) as error:
                raise ConfigError(f"mailboxes_file {path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
        by_name: dict[str, Mailbox] = {}
        for row in rows:
            name = row[0].strip()
            custodian = row[1].strip() if len(row) > 1 and row[1].strip() else name
            if not name or not (name + custodian).isprintable():
                raise ConfigError(f"{name!r} is no name of a mailbox.")
            by_name.setdefault(name, Mailbox(name, custodian))
        if not by_name:
            raise ConfigError("Neither mailboxes nor mailboxes_file names a mailbox.")
        return tuple(by_name.values())
