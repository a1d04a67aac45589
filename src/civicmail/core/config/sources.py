"""The source of each setting in force: the environment, a line of the file, or the default (P-17).

Secrets are never shown: passwords have files of their own, and a password in a URL is removed here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any

from civicmail.core.config import explain, toml_lines
from civicmail.core.config.load import FILE, PREFIX, load
from civicmail.core.config.template import toml

_USERINFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?P<user>[^/@:\s]*):[^/@\s]*@", re.IGNORECASE)
_SECRET_PARAMETER = re.compile(r"(?P<name>[?&;](?:password|passwd|pwd|secret|token|key|sig|signature)=)[^&;\s\"']*", re.IGNORECASE)
HIDDEN = "…"


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    """One setting in force. key: dotted, with the number of a table in a list; value, default: as TOML writes them; source:
    "default", the variable's name, or the file's; line: in the file, 0 elsewhere; help: the sentence about it."""

    key: str
    value: str
    default: str
    source: str
    line: int
    help: str

    @property
    def is_changed(self) -> bool:
        """Whether it differs from the default."""
        return self.source != "default" and self.value != self.default


def effective_settings(data: Path, config: Path | None = None, environ: Mapping[str, str] | None = None) -> list[EffectiveSetting]:
    """Every setting in the order of the file. Raises ConfigError."""
    path, variables = config or data / FILE, os.environ if environ is None else environ
    settings, text = load(data, config, variables), path.read_text(encoding="utf-8")
    named = {name.removeprefix(PREFIX).lower().replace("__", "."): name for name in variables if name.startswith(PREFIX)}
    entries = [(setting, at, value) for setting in explain.all_settings() for at, value in _values(settings, setting.key)]
    return [_effective(setting, at, value, text, path.name, named) for setting, at, value in entries]


def redacted(value: Any) -> str:
    """A value as TOML, without any password in it."""
    text = _USERINFO.sub(rf"\g<scheme>\g<user>:{HIDDEN}@", toml(value))
    return _SECRET_PARAMETER.sub(rf"\g<name>{HIDDEN}", text)


def _effective(
    setting: explain.Setting, at: toml_lines.At, value: Any, text: str, name: str, named: Mapping[str, str]
) -> EffectiveSetting:
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in at)
    variable = named.get(".".join(str(part) for part in at[:2]), "")
    line = 0 if variable else _line(text, at)
    source = variable or (name if line else "default")
    return EffectiveSetting(key, redacted(value), redacted(setting.default), source, line, setting.help)


def _line(text: str, at: toml_lines.At) -> int:
    """The line of a key, 0 where the file has only a table around it."""
    number = toml_lines.line_of(text, at)
    return number if number and number != toml_lines.line_of(text, (*at[:-1], "\0")) else 0


def _values(settings: Any, key: str) -> Iterator[tuple[toml_lines.At, Any]]:
    """All values of a setting: one for each table if it is in a list."""
    level: list[tuple[toml_lines.At, Any]] = [((), settings)]
    for name in key.split("."):
        deeper: list[tuple[toml_lines.At, Any]] = []
        for at, value in level:
            inner = getattr(value, name)
            if isinstance(inner, list) and inner and is_dataclass(inner[0]):
                deeper += [((*at, name, n), item) for n, item in enumerate(inner)]
            elif not (isinstance(inner, list) and not inner and key.count(".") > len(at)):
                deeper.append(((*at, name), inner))
        level = deeper
    yield from level
