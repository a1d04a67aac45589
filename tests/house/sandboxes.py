"""The services of sandboxed processes, wherever a module has one."""

from __future__ import annotations

from importlib import import_module

from civicmail.core.sandbox.service import Service
from house.sources import PACKAGE, modules

SERVICES: list[Service] = [
    import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)).SERVICE
    for path in modules("src")
    if "\nSERVICE = Service(__name__" in path.read_text()
]
