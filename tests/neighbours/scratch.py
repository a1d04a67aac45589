"""Scratch installations of our own program."""

from __future__ import annotations

from pathlib import Path

from civicmail.front.sample import installation as sample

SETTINGS = """\
[city]
name = "Sample City"
domains = ["city.example"]
"""


def installation(data: Path, settings: str = SETTINGS) -> Path:
    """Make a data folder with these settings, as `civicmail init` does; return it."""
    sample.make(data, settings)
    return data
