"""Settings that are valid alone but contradict each other."""

from __future__ import annotations

from civicmail.core.config.settings import Settings

At = tuple[str | int, ...]


def first_conflict(settings: Settings) -> tuple[At, str] | None:
    """The place of the first conflict and its sentence, without the end; None if there is none."""
    return _port_taken_twice(settings) or _missing_standby(settings)


def _port_taken_twice(settings: Settings) -> tuple[At, str] | None:
    """Find two listeners on one port: the kernel would share the connections between them."""
    web = settings.web
    metrics = settings.metrics
    taken = {(web.address, web.port): "the pages"} if web.serve and web.port else {}
    if metrics.port and (metrics.address, metrics.port) in taken:
        problem = f"{metrics.address}, port {metrics.port}, is taken by the pages already; give each a port of its own"
        return ("metrics", "port"), problem
    if metrics.port:
        taken[metrics.address, metrics.port] = "what reads numbers"
    for number, listener in enumerate(settings.gateway.listener):
        place = (listener.address, listener.port)
        if place in taken:
            problem = f"{listener.address}, port {listener.port}, is taken by {taken[place]} already; give each a port of its own"
            return ("gateway", "listener", number, "port"), problem
        if listener.port:  # 0: any that is free
            taken[place] = f"another listener ({listener.kind})"
    return None


def _missing_standby(settings: Settings) -> tuple[At, str] | None:
    archive = settings.archive
    if archive.acknowledge == "standby" and not archive.standby:
        problem = 'archive.acknowledge is "standby", but archive.standby names no second place: no mail would be acknowledged'
        return ("archive", "acknowledge"), problem
    return None
