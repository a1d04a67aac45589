"""Django's DATABASES: PostgreSQL if the settings name one, else SQLite in the data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from civicmail.city.identity.database_backup import DATABASE
from civicmail.core.config.errors import ConfigError
from civicmail.core.config.settings import Database

FILE = DATABASE
_KEPT = 600
"""Seconds for which a thread keeps its connection; a new one reads all table definitions and plans each query again."""
_ENGINE = "civicmail.front.web.sqlite"
_SQLITE = {
    "transaction_mode": "IMMEDIATE",  # a writer waits for its turn instead of failing in the middle
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}


def database(settings: Database, data: Path | None) -> dict[str, Any]:
    """The value of DATABASES["default"]. Raises ConfigError when the password file cannot be read."""
    if not settings.url:
        name = str(data / FILE) if data else ":memory:"
        return {"ENGINE": _ENGINE, "NAME": name, "CONN_MAX_AGE": _KEPT, "OPTIONS": _SQLITE}
    url = urlsplit(settings.url)
    host, _, port = url.netloc.rpartition("@")[2].partition(":")  # not url.hostname: a folder of a socket has upper case, too
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": _password(settings.password_file),
        "HOST": unquote(host),
        "PORT": port,
        "CONN_MAX_AGE": _KEPT,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, "options": "-c jit=off"},  # compiling a query of a page takes longer than asking it
    }


def _password(path: str) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"database.password_file {path} cannot be read: {error.strerror}.") from None
