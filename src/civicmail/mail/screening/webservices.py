"""Services that hide who runs a page, and top-level domains that phishing uses. webservices.txt has the list; the city adds to it
(settings.screening.web_services). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from urllib.parse import urlsplit

from civicmail.mail.screening import urls

ENDING, HOSTING, REDIRECT, SHORTENER = "ending", "hosting", "redirect", "shortener"
KINDS = (ENDING, HOSTING, REDIRECT, SHORTENER)
_LIST = files("civicmail.mail.screening").joinpath("webservices.txt").read_text("utf-8").split("\n")


@dataclass(frozen=True, slots=True, eq=False)  # services() makes each once
class Services:
    """names: name to kind, with * for a variable part; paths: name to the paths that redirect."""

    names: Mapping[str, str]
    paths: Mapping[str, tuple[str, ...]]

    def kind(self, host: str, url: str) -> str:
        """The kind of service that a link leads to; "" for other pages. host: A-labels, lower case."""
        for name in _above(host):
            if kind := self.names.get(name):
                return kind
            if (paths := self.paths.get(name)) and _path(url).startswith(paths):
                return REDIRECT
        labels = host.rsplit(".", 2)
        return self.names.get(f".{labels[-1]}") or self.names.get(f".{'.'.join(labels[-2:])}", "")


@lru_cache(maxsize=8)
def services(own: tuple[str, ...] = ()) -> Services:
    """The list with the city's own lines: `kind name`, or `-name` to remove one."""
    names: dict[str, str] = {}
    paths: dict[str, tuple[str, ...]] = {}
    for line in (*_LIST, *own):
        if line.startswith("-"):
            for one in (line[1:].strip(), f".{line[1:].strip()}"):
                names.pop(one, None)
                paths.pop(one, None)
            continue
        kind, _, name = line.strip().partition(" ")
        if kind == REDIRECT:
            host, slash, path = name.partition("/")
            paths[host] = (*paths.get(host, ()), slash + path)
        elif kind in KINDS:
            names[f".{name}" if kind == ENDING else name] = kind
    return Services(names, paths)


@lru_cache(maxsize=1 << 12)
def _above(host: str) -> tuple[str, ...]:
    """The names at and above a host, also with * for the variable label or suffix: s3.*.amazonaws.com, google.*."""
    labels = host.removeprefix("www.").split(".")
    names = [".".join(labels[at:]) for at in range(len(labels) - 1)]
    starred = [".".join((labels[at], "*", *labels[at + 2 :])) for at in range(len(labels) - 3)]
    _, name, _ = urls.split(host)
    return tuple(dict.fromkeys((*names, *starred, f"{name}.*")))


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
