"""The settings file that `init` writes: the smallest useful one, with every other setting as a comment with its default."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

import orjson

from civicmail.core.config.settings import City, Listener, Senders, Settings

_SMALLEST = {
    ("city", "name"),
    ("city", "domains"),
    ("listener", "kind"),
    ("listener", "address"),
    ("listener", "port"),
    ("courier", "local"),
    ("web", "address"),
    ("web", "port"),
}
_HEAD = """\
# Settings of one Civicmail installation. What stands behind a # is the default.
# CIVICMAIL__SECTION__KEY in the environment comes before this file. `civicmail config explain KEY` says more.
"""


def starter() -> Settings:
    """The settings of a new installation: the defaults, and identified senders (P-14). An installation with a file keeps it."""
    return Settings(city=City(agencies_named=True), senders=Senders(identification="{name}"))


def render(settings: Settings | None = None) -> str:
    """The file as text; settings: values to write instead of the defaults."""
    settings = settings or Settings()
    parts = [_HEAD]
    for section in fields(Settings):
        value = getattr(settings, section.name)
        parts.append(f"# {section.metadata['help']}\n[{section.name}]\n" + _table(section.name, value))
        if section.name == "gateway":
            parts += ["[[gateway.listener]]\n" + _table("listener", listener) for listener in value.listener]
    return "\n".join(parts)


def _table(name: str, value: Any) -> str:
    lines, tables = [], []
    for f in fields(value):
        content = getattr(value, f.name)
        if get_origin(hint := get_type_hints(type(value))[f.name]) is list and is_dataclass(item_class := get_args(hint)[0]):
            if item_class is not Listener:
                tables.append(f"# {f.metadata['help']}\n" + _list(f"{name}.{f.name}", item_class, content))
            continue
        default = f.default if f.default_factory is f.default or not callable(f.default_factory) else f.default_factory()
        mark = "" if (name, f.name) in _SMALLEST or content != default else "# "
        if isinstance(content, dict):
            like = '"alarms@example.org" = 20000' if get_args(hint)[1] is int else '"example.org" = "smtp://192.0.2.1:25"'
            tables.append(f"# {f.metadata['help']}\n# [{name}.{f.name}]\n# {like}\n")
            continue
        lines.append(f"# {f.metadata['help']}\n{mark}{f.name} = {toml(content)}\n")
    return "".join(lines + tables)


def _list(name: str, item_class: Any, content: list[Any]) -> str:
    """Each table of a list; one commented-out table of defaults if there is none."""
    if content:
        return "".join(f"[[{name}]]\n{_table(name, value)}" for value in content)
    return f"# [[{name}]]\n" + "".join(
        f"# {line}\n" for line in _table(name, item_class()).replace("\n# ", "\n").removeprefix("# ").splitlines()
    )


def toml(value: Any) -> str:
    """A value as TOML writes it: text, whole numbers, truth values, lists and tables of them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    return orjson.dumps(value).decode().replace("\x7f", "\\u007f")  # TOML requires this, JSON does not
