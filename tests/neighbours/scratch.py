"""Scratch installations of our own program."""

from __future__ import annotations

from pathlib import Path

SETTINGS = """\
[city]
name = "Sample City"
domains = ["city.example"]
"""


def installation(data: Path, settings: str = SETTINGS) -> Path:
    """Make a data folder with these settings, as `civicmail init` does; return it."""
    data.mkdir(mode=0o700)
    (data / "civicmail.toml").write_text(settings)
    return data
