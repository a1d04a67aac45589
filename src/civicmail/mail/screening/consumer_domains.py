"""Whether a domain belongs to a mail provider that anybody can use. consumermail.txt has the list (docs/formats.md)."""

from __future__ import annotations

from importlib.resources import files

from civicmail.mail.screening import urls

_LIST = files("civicmail.mail.screening").joinpath("consumermail.txt").read_text("utf-8").split("\n")
_EXACT = frozenset(line for line in _LIST if line and line[0] != "#" and not line.endswith(".*"))
_ANYWHERE = frozenset(line[:-2] for line in _LIST if line.endswith(".*"))


def is_consumer(domain: str) -> bool:
    """domain: A-labels, lower case. Names below a provider's domain count, because some give each customer one."""
    before, name, suffix = urls.split(domain)
    if name in _ANYWHERE and not before:
        return True
    own = f"{name}.{suffix}"
    return own in _EXACT or domain in _EXACT
