"""Load the settings file: TOML, overridden by CIVICMAIL__SECTION__KEY. Every type is checked, and unknown keys are rejected with
their line.

A wrong file is refused as a whole (exit 3): a setting that is silently ignored is worse than a program that does not start.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from civicmail.core.config import conflicts, formats, toml_lines, values
from civicmail.core.config.errors import ConfigError
from civicmail.core.config.settings import Settings

FILE = "civicmail.toml"
PREFIX = "CIVICMAIL__"
_MISTAKES = {
    "Invalid value": 'text stands in straight quotes, like "city.example"',
    "Illegal character '\\n'": "a quote is missing at the end of this line",
    "Unescaped '\\'": "write a backslash twice",
    "Cannot overwrite a value": "this setting is there twice; leave one of them",
    "Cannot declare": "this section is there twice; put what both say into one",
    "Expected '='": 'a line is: setting = "value"',
}
"""Messages of the TOML parser, and what to do about each."""
_WORDS = {str: "text", int: "a whole number", bool: "true or false"}
Path_ = tuple[str | int, ...]


def load(data: Path, config: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a data folder; config: another file than the one in the folder. Raises ConfigError with a sentence."""
    require_folder(data)
    path = config or data / FILE
    plain, text = _parse(path)
    built = _Builder(path, text).section(Settings, plain, ())
    settings: Settings = _override(built, plain, os.environ if environ is None else environ)
    if problem := conflicts.first_conflict(settings):
        raise _Builder(path, text).error(*problem)
    return settings


def require_folder(data: Path) -> None:
    """Raise ConfigError unless data is a folder that `init` has made, and NewerFormat where a later program has written to it."""
    if not data.is_dir():
        raise ConfigError(f"There is no data folder {data}; `civicmail init --data {data}` makes one.")
    if (data / FILE).is_file():
        formats.require_known(data)
        return
    if (data / "keys").exists():
        raise ConfigError(
            f"The settings file {data / FILE} is missing. Put it back from a copy (the second place has one); "
            f"without any, `civicmail init --data {data}` writes one anew and touches nothing else."
        )
    raise ConfigError(f"The folder {data} is not initialized; `civicmail init --data {data}` does it.")


def _parse(path: Path) -> tuple[dict[str, Any], str]:
    try:
        text = path.read_text(encoding="utf-8-sig")  # an editor of Windows puts a mark in front
    except OSError as error:
        raise ConfigError(f"The settings file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"The settings file {path} is not UTF-8; save it as UTF-8.") from None
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_not_toml(path, str(error))) from None


def _not_toml(path: Path, message: str) -> str:
    """The parser's message with the line, and the action for a usual mistake."""
    what, _, where = message.partition(" (at ")
    line = re.match(r"line (\d+)", where)
    at = f"{path}, line {line[1]}" if line else str(path)
    todo = next((do for beginning, do in _MISTAKES.items() if what.startswith(beginning)), "")
    return f"{at}: not TOML: {what}{f'; {todo}' if todo else ''}."


def _override(built: Settings, plain: dict[str, Any], environ: Mapping[str, str]) -> Settings:
    """Apply the environment on top of the file; a variable is named as its own source of errors."""
    names = sorted(name for name in environ if name.startswith(PREFIX))
    for name in names:
        section, key, hint = _setting_of(name)
        value = _from_text(environ[name], hint, name)
        _Builder(Path(name), "").section(Settings, {section: {key: value}}, ())  # alone, so that an error names the variable
        plain.setdefault(section, {})[key] = value
    return _Builder(Path("the environment"), "").section(Settings, plain, ()) if names else built


def _setting_of(name: str) -> tuple[str, str, Any]:
    """(section, key, type) of a variable; ConfigError with the nearest key for an unknown setting."""
    section, _, key = name.removeprefix(PREFIX).lower().partition("__")
    sections = _hints(Settings)
    if section not in sections:
        raise ConfigError(f"{name}: there is no such setting{_nearest(section, sections)}.")
    keys = _hints(sections[section])
    if key not in keys:
        raise ConfigError(f"{name}: there is no such setting{_nearest(key, keys, section)}.")
    return section, key, keys[key]


def _from_text(text: str, hint: Any, name: str) -> Any:
    """The value of a variable: plain words for text and lists of text, TOML for everything else."""
    if hint is str:
        return text
    if get_origin(hint) is list and not text.lstrip().startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        raise ConfigError(f"{name}: {text!r} is not {_words(hint)}.") from None


@cache
def _hints(class_: type) -> dict[str, Any]:
    return get_type_hints(class_)


def _words(hint: Any) -> str:
    if get_origin(hint) is list:
        return "a list"
    return "a table" if get_origin(hint) is dict or is_dataclass(hint) else _WORDS[hint]


def _nearest(key: str, known: Mapping[str, Any], section: str = "") -> str:
    near = get_close_matches(key, known, 1, 0.5)
    if near:
        return f"; did you mean {f'{section}.' if section else ''}{near[0]}"
    return f"; known are {', '.join(known)}"


class _Builder:
    """Makes settings from TOML; has the file's text so that an error can name the line."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text

    def section(self, class_: Any, plain: Any, at: Path_) -> Any:
        if not isinstance(plain, dict):
            raise self.error(at, f"{_dotted(at)} must be a table")
        hints = _hints(class_)
        for key in plain:
            if key not in hints:
                raise self.error((*at, key), f"unknown setting {_dotted((*at, key))}{_nearest(key, hints, _dotted(at))}")
        given = {key: self._value(hints[key], value, (*at, key)) for key, value in plain.items()}
        assert all(f.default is not MISSING or f.default_factory is not MISSING for f in fields(class_))
        for key, value in given.items():
            if wrong := values.complaint((class_.__name__, key), value):
                raise self.error((*at, key), f"{_dotted((*at, key))} {wrong}")
        return class_(**given)

    def _value(self, hint: Any, value: Any, at: Path_) -> Any:
        if is_dataclass(hint):
            return self.section(hint, value, at)
        origin = get_origin(hint)
        if origin is list and isinstance(value, list):
            (item,) = get_args(hint)
            return [self._value(item, v, (*at, i)) for i, v in enumerate(value)]
        if origin is dict and isinstance(value, dict):
            return {k: self._value(get_args(hint)[1], v, (*at, k)) for k, v in value.items()}
        if origin is None and type(value) is hint:  # exactly: true is no number
            return value
        raise self.error(at, f"{_dotted(at)} must be {_words(hint)}")

    def error(self, at: Path_, what: str) -> ConfigError:
        line = toml_lines.line_of(self._text, at)
        where = f"{self._path}, line {line}" if line else str(self._path)
        return ConfigError(f"{where}: {what}.")


def _dotted(at: Path_) -> str:
    return ".".join(str(part) for part in at if isinstance(part, str))
