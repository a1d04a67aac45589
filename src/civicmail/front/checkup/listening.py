"""Whether somebody answers where mail comes in, and where people read pages: else nobody sees a gateway that does not start."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator

from civicmail.core.config.settings import Listener
from civicmail.front.checkup.findings import Finding, Level, Patient
from civicmail.mail.gateway import ports

SECONDS = 3.0


def mail_in(p: Patient) -> Iterator[Finding]:
    """Whether each listener takes connections. Before a gateway has listened here for the first time that is not set up."""
    level: Level = "problem" if ports.was_used(p.data) else "not-set-up"
    away = {_name(one): why for one in p.settings.gateway.listener if (why := _away(one.address, one.port))}
    for name, why in away.items():
        text = f"Nobody listens on {name} ({why}), so no mail comes in there."
        yield Finding(
            "mail in", level, text, f"civicmail run --data {p.data}; where it runs, its log says why the gateway does not."
        )
    if not p.settings.gateway.listener:
        yield Finding(
            "mail in", "not-set-up", "No listener is named, so no mail comes in.", "civicmail config explain gateway.listener"
        )
    elif not away:
        yield Finding("mail in", "ok", f"Every listener takes connections: {', '.join(map(_name, p.settings.gateway.listener))}.")


def pages(p: Patient) -> Iterator[Finding]:
    """Whether the pages take connections, where `civicmail run` serves them."""
    web = p.settings.web
    if not web.serve:
        return
    where = web.address if web.address.startswith(("/", "unix:")) else f"{web.address}, port {web.port}"
    if why := _away(web.address, web.port):
        level: Level = "problem" if ports.was_used(p.data) else "not-set-up"
        text = f"The pages do not answer on {where} ({why}): nobody can read, approve or sign in there."
        yield Finding("pages", level, text, f"civicmail run --data {p.data}; where it runs, its log says why the pages do not.")
    else:
        yield Finding("pages", "ok", f"The pages answer on {where}.")


def _name(one: Listener) -> str:
    return f"{one.address}, port {one.port}, {one.kind}"


def _away(address: str, port: int) -> str:
    """Why nobody can be reached there from this machine, empty where somebody can."""
    if address.startswith(("/", "unix:")):
        with socket.socket(socket.AF_UNIX) as line:
            return _tried(line, address.removeprefix("unix:"))
    if not port:
        return ""  # any that is free, as in a trial: nobody knows which
    host = ipaddress.ip_address(address)
    if host.is_unspecified:
        address = "127.0.0.1" if host.version == 4 else "::1"
    with socket.socket(socket.AF_INET if host.version == 4 else socket.AF_INET6) as line:
        return _tried(line, (address, port))


def _tried(line: socket.socket, where: str | tuple[str, int]) -> str:
    line.settimeout(SECONDS)
    try:
        line.connect(where)
    except OSError as error:
        return (error.strerror or "no answer").lower()
    return ""
