"""The files of deploy/, as scratch instances need them: the very same text with other ports and places in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"


def shipped(name: str, changes: Mapping[str, str] | None = None) -> str:
    """A file of deploy/ with some texts replaced; a text that is not in it is an error, so that files and tests cannot drift."""
    text = (DEPLOY / name).read_text()
    for old, new in (changes or {}).items():
        assert old in text, f"deploy/{name} does not say {old!r}"
        text = text.replace(old, new)
    return text


def settings(name: str, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The settings of a Postfix main.cf."""
    lines = (line.partition("=") for line in shipped(name, changes).splitlines() if line and line[0] not in "# ")
    return {key.strip(): value.strip() for key, _, value in lines}
