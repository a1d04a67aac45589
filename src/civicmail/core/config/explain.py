"""The meaning of each setting: its sentence, type and default, read from settings.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, get_args, get_type_hints

from civicmail.core.config.errors import UsageError
from civicmail.core.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of the file: dotted name, type in words, default, the sentence."""

    key: str
    kind: str
    default: Any
    help: str


def all_settings(class_: Any = Settings, above: str = "") -> Iterator[Setting]:
    """All settings in the order of the file."""
    hints = get_type_hints(class_)
    for f in fields(class_):
        key, hint = f"{above}{f.name}", hints[f.name]
        inner = next((a for a in get_args(hint) if is_dataclass(a)), hint if is_dataclass(hint) else None)
        if inner is not None:
            yield from all_settings(inner, f"{key}.")
        else:
            yield Setting(key, getattr(hint, "__name__", "") if not get_args(hint) else str(hint), _default(f), f.metadata["help"])


def _default(f: Field[Any]) -> Any:
    return f.default_factory() if f.default_factory is not MISSING else f.default


def find(key: str) -> list[Setting]:
    """The setting with this key, or all of a section. Raises UsageError with the nearest key if there is none."""
    known = list(all_settings())
    matching = [s for s in known if s.key == key or s.key.startswith(f"{key}.")]
    if not matching:
        near = get_close_matches(key, [s.key for s in known], 1, 0.4)
        raise UsageError(f"There is no setting {key}{f'; did you mean {near[0]}' if near else ''}.")
    return matching


def value(settings: Settings, key: str) -> Any:
    """The value of a setting; None for a key in the tables of a list."""
    result: Any = settings
    for name in key.split("."):
        result = getattr(result, name, None)
    return result
