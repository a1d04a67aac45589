"""The law packs that the program brings along. None is in force until the city adopts one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from civicmail.city.law.errors import NotInPack
from civicmail.city.law.pack import LawPack, load_pack

FOLDER = Path(__file__).parent / "packs"
OFFERED = "wisconsin"
"""The pack that a new installation is offered."""


def names() -> list[str]:
    """The names of the packs."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def text(name: str) -> str:
    """The file of a pack, word for word. Raises NotInPack."""
    if name not in names():
        raise NotInPack(f"The program brings no law pack {name}; there are {', '.join(names())}.")
    return (FOLDER / f"{name}.toml").read_text(encoding="utf-8")


@cache
def shipped(name: str) -> LawPack:
    """A pack. Raises NotInPack."""
    return load_pack(text(name))
