"""The installation and its one message store, for rooms whose pages show mail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from civicmail.core.config.errors import ConfigError, LaterError
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.viewer.store import Store


def installation() -> Path:
    """The data folder of this installation."""
    assert settings.DATA is not None, "pages have an installation"
    return Path(settings.DATA)


def store() -> Store:
    return _store(installation())


@lru_cache(maxsize=4)
def _store(data: Path) -> Store:
    return Store(data)


@contextmanager
def damage_as_later() -> Iterator[None]:
    """Convert damage and a missing key into a message for the page with instructions."""
    try:
        yield
    except (DamagedFile, ConfigError) as error:
        raise LaterError(str(error)) from error
