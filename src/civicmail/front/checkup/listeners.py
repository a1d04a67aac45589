"""Check that the mail listeners, the pages and the metrics answer."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator

from civicmail.core.config.settings import Listener
from civicmail.front.checkup.findings import Finding, Installation, Level
from civicmail.front.checkup.probe import Probe, accepts, greets, why_unreachable
from civicmail.mail.gateway import port_sharing


def mail_in(p: Installation) -> Iterator[Finding]:
    """Whether each listener greets. Before a gateway has listened here for the first time that is not set up."""
    level: Level = "problem" if port_sharing.was_used(p.data) else "not-set-up"
    unreachable = {
        _name(listener): why
        for listener in p.settings.gateway.listener
        if (why := _unreachable(listener.address, listener.port, _greeting(listener)))
    }
    for name, why in unreachable.items():
        text = f"Nobody answers on {name} ({why}), so no mail comes in there."
        yield Finding(
            "mail in", level, text, f"civicmail run --data {p.data}; where it runs, its log says why the gateway does not."
        )
    if not p.settings.gateway.listener:
        yield Finding(
            "mail in", "not-set-up", "No listener is named, so no mail comes in.", "civicmail config explain gateway.listener"
        )
    elif not unreachable:
        yield Finding("mail in", "ok", f"Every listener answers: {', '.join(map(_name, p.settings.gateway.listener))}.")


def pages(p: Installation) -> Iterator[Finding]:
    """Whether the pages can answer people, where `civicmail run` serves them."""
    web = p.settings.web
    if not web.serve:
        return
    where = web.address if web.address.startswith(("/", "unix:")) else f"{web.address}, port {web.port}"
    if why := _unreachable(web.address, web.port, _is_ready):
        level: Level = "problem" if port_sharing.was_used(p.data) else "not-set-up"
        text = f"The pages do not answer on {where} ({why}): nobody can read, approve or sign in there."
        yield Finding("pages", level, text, f"civicmail run --data {p.data}; where it runs, its log says why the pages do not.")
    else:
        yield Finding("pages", "ok", f"The pages answer on {where}.")


def metrics(p: Installation) -> Iterator[Finding]:
    """Whether the numbers can be read, where they are served: else another watcher sees nothing."""
    rules = p.settings.metrics
    if not rules.port:
        return
    where = f"{rules.address}, port {rules.port}"
    here = ipaddress.ip_address("127.0.0.1")
    is_allowed = not rules.networks or any(here in ipaddress.ip_network(net, strict=False) for net in rules.networks)
    answers: Probe = (lambda line: _health(line, tls=bool(rules.certificate))) if is_allowed else accepts
    if why := _unreachable(rules.address, rules.port, answers):
        level: Level = "problem" if port_sharing.was_used(p.data) else "not-set-up"
        text = f"Metrics and health do not answer on {where} ({why}), so nobody else watches this installation."
        yield Finding("metrics", level, text, "Start civicmail-metrics, or civicmail run metrics: its log says why it does not.")
    else:
        yield Finding("metrics", "ok", f"Metrics and health answer on {where}.")


def _health(line: socket.socket, *, tls: bool) -> str:
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = (
            False,
            ssl.CERT_NONE,
        )  # whose it is is of no interest: it is asked whether it lives
        line = context.wrap_socket(line)
    with line:
        line.sendall(b"HEAD /health HTTP/1.0\r\n\r\n")
        return "" if line.recv(512).startswith(b"HTTP/1.") else "no answer"


def _name(listener: Listener) -> str:
    return f"{listener.address}, port {listener.port}, {listener.kind}"


def _unreachable(address: str, port: int, answers: Probe) -> str:
    """Why no server answers there, or empty."""
    if address.startswith(("/", "unix:")):
        return why_unreachable(address.removeprefix("unix:"), answers)
    if not port:
        return ""  # any that is free, as in a trial: nobody knows which
    host = ipaddress.ip_address(address)
    if host.is_unspecified:
        address = "127.0.0.1" if host.version == 4 else "::1"
    return why_unreachable((address, port), answers)


def _greeting(listener: Listener) -> Probe:
    """The probe for a listener. One with implicit TLS or behind a load balancer sends no greeting to a plain connection."""
    silent = listener.tls == "implicit" or any(
        ipaddress.ip_address("127.0.0.1") in ipaddress.ip_network(net) for net in listener.proxy
    )
    return accepts if silent else greets


def _is_ready(line: socket.socket) -> str:
    line.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    status = line.recv(512).split(b" ")[1:2]
    if status == [b"503"]:
        return "they wait for the database"
    return "" if status else "no answer"
