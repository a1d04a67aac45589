"""Demo installations: how one is recognized, and the files that only it has."""

from __future__ import annotations

from pathlib import Path

from civicmail.core.wire.hosts import is_this_machine

OUTSIDE = "outside.json"
"""In the data folder: what people outside got with a link to the pages, a list of {to, subject, url}, the newest first."""
FILE = "demo.json"
"""In the data folder: the roles, a list of {login, name, role, can}."""


def is_demo(data: Path | None, address: str) -> bool:
    """Whether one click signs in here. address: of [web]."""
    return data is not None and (data / FILE).is_file() and is_this_machine(address)
