"""The one store of this process, for the rooms whose pages show mail."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from civicmail.desk.viewer.store import Store


def store() -> Store:
    """Of the installation whose pages these are."""
    assert settings.DATA is not None, "pages have an installation"
    return _store(Path(settings.DATA))


@lru_cache(maxsize=4)
def _store(data: Path) -> Store:
    return Store(data)
