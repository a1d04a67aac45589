"""`civicmail run`: all processes under one supervisor, or one of them in the foreground."""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Literal

import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import ConfigError, UsageError
from civicmail.core.config.settings import Settings
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.lease import Lease, holder, lease_path
from civicmail.front.cli import options
from civicmail.front.cli.supervise import DRAIN_SECONDS, Supervisor, die_with_parent
from civicmail.mail.replica import epoch

Role = Literal["gateway", "web", "worker", "metrics"]
Job = Literal["search", "mail", "courier", "city", "standby"]
NICE: dict[Job, int] = {"courier": 5, "city": 5, "mail": 10}
"""Who waits for a 250 goes first, and what was acknowledged is found in seconds; then comes what people wait for, as the pages do:
to have it, an answer. Who holds the lock of the database must not be kept from going on. Attachments and learning catch up."""

JOBS: tuple[Job, ...] = ("search", "mail", "courier", "city")
LOOK_SECONDS = 0.5  # between two looks whether another installation has taken over


def run(
    role: Annotated[Role | None, typer.Argument(help="Only this role; without it all of them.")] = None,
    data: options.Data = None,
    config: options.Config = None,
    job: Annotated[Job | None, typer.Option("--job", help="worker: only this one of its processes.")] = None,
    parent: Annotated[int, typer.Option("--parent", hidden=True)] = 0,
) -> None:
    """Serve until SIGTERM or Ctrl-C; what is under way is finished within 15 seconds."""
    folder, settings = options.installation(data, config)
    epoch.require_unfenced(folder)
    if job and role != "worker":
        raise UsageError("--job belongs to the role worker.")
    faulthandler.enable()  # a watchdog ends what stands still by SIGABRT; the log says where it stood
    if parent:
        die_with_parent(parent)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # who has not begun ends at once; the others listen for themselves
    if role == "gateway":
        _serve_gateway(settings, folder)
    elif role == "web":
        _serve_web(settings, folder, config)
    elif role == "metrics":
        _serve_metrics(settings, folder, config)
    elif role == "worker" and job:
        _serve_job(settings, folder, config, job)
    else:
        raise typer.Exit(_supervise(settings, folder, config, role))


def _supervise(settings: Settings, data: Path, config: Path | None, role: Role | None) -> int:
    from civicmail.core.config.log import set_up

    set_up(settings.log, "run")
    rest = ["--data", str(data), *(["--config", str(config.absolute())] if config else [])]
    program = [sys.executable, "-m", "civicmail.front.cli.main", "run"]
    commands = {f"worker {name}": [*program, "worker", "--job", name, *rest] for name in jobs(settings)}
    if role is None:
        for number in range(1, settings.gateway.processes + 1):
            commands[f"gateway {number}"] = [*program, "gateway", *rest]
        if settings.web.serve:
            commands["web"] = [*program, "web", *rest]
        if settings.metrics.port:
            commands["metrics"] = [*program, "metrics", *rest]
    with _alone(data) if role is None else contextlib.nullcontext():
        return Supervisor(commands, optional={"web", "metrics"}, is_over=lambda: _is_fenced(data)).run()


def _is_fenced(data: Path) -> bool:
    """While the data folder cannot be read nobody knows, and nothing is ended for that."""
    with contextlib.suppress(OSError):
        return epoch.is_fenced(data)
    return False


def _alone(data: Path) -> Lease:
    """What says that all of it is being served. Gateways share their ports, so a second one would not be noticed otherwise."""
    lease = lease_path(data, "run")
    try:
        return Lease.take(lease)
    except LeaseHeld:
        raise ConfigError(
            f"This installation is being served already, by process {holder(lease) or 'unknown'}. "
            f"A further gateway beside it: civicmail run gateway --data {data}"
        ) from None


def jobs(settings: Settings) -> tuple[Job, ...]:
    """The workers that are needed with these settings."""
    return (*JOBS, "standby") if settings.archive.standby else JOBS


def stop_on_signal() -> threading.Event:
    """An event that SIGTERM and SIGINT set; the kernel ends the process when it has not drained in time."""
    stop = threading.Event()
    signals: queue.SimpleQueue[None] = queue.SimpleQueue()

    def pass_on() -> None:
        signals.get()
        stop.set()

    def ask(_number: int, _frame: object) -> None:
        # A handler interrupts whatever runs, also a wait() or a set() of this very event, which hold its lock: another thread sets
        # it. Ctrl-C comes from the terminal and again, as SIGTERM, from the supervisor, and the time is counted from the first.
        if not signal.getitimer(signal.ITIMER_REAL)[0]:
            signal.alarm(DRAIN_SECONDS)
        signals.put(None)

    threading.Thread(target=pass_on, daemon=True).start()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop


def _serve_job(settings: Settings, data: Path, config: Path | None, job: Job) -> None:
    os.nice(NICE.get(job, 0))
    from civicmail.core.config.log import set_up

    set_up(settings.log, f"worker {job}")
    module = importlib.import_module(f"civicmail.front.worker.{job}")
    if job != "city":
        stop = stop_on_signal()
        threading.Thread(target=_stop_when_fenced, args=(data, stop), daemon=True).start()
        module.run(settings, data, stop)
    else:
        _serve_city(settings, data, config)
    epoch.require_unfenced(data)


def _serve_city(settings: Settings, data: Path, config: Path | None) -> None:
    from civicmail.front.web.start import is_preparing, prepare, start
    from civicmail.front.worker import (
        answering,
        city,
        findings,
        hooks,
        leaving,
        notices,
        people,
        pickups,
        pulls,
        reports,
        rulebook,
        sending,
        siem,
        traces,
    )

    start(data, config)

    def ready() -> None:
        prepare(data, config)

    all_ = [*people.jobs(data, ready, now_ms), *rulebook.jobs(data, ready, now_ms), findings.job(data, ready, now_ms)]
    all_ += [notices.job(settings, data, ready, now_ms), sending.job(settings, data, ready, now_ms)]
    all_ += [pickups.job(settings, data, ready, now_ms)]
    all_ += [answering.job(settings, data, ready, now_ms), *leaving.jobs(settings, data, ready, now_ms)]
    all_ += [*hooks.jobs(settings, data, ready, now_ms), *reports.jobs(settings, data, ready, now_ms)]
    all_ += [
        pulls.job(settings, data, ready, now_ms),
        *siem.jobs(settings, data, ready, now_ms),
        *traces.jobs(settings, data, now_ms),
    ]
    stop = stop_on_signal()
    threading.Thread(target=_stop_when_fenced, args=(data, stop), daemon=True).start()
    city.run(settings, data, stop, all_, is_preparing)
    if is_preparing():
        os._exit(0)  # the thread that makes tables is cut short with the process


def _stop_when_fenced(data: Path, stop: threading.Event) -> None:
    """Another installation has taken over: nothing more is delivered here."""
    while not stop.wait(LOOK_SECONDS):
        if epoch.is_fenced(data):
            stop.set()


def _serve_web(settings: Settings, data: Path, config: Path | None) -> None:
    from civicmail.core.config.log import set_up
    from civicmail.front.web.serve import serve

    set_up(settings.log, "web")
    serve(settings, data, config)


def _serve_metrics(settings: Settings, data: Path, config: Path | None) -> None:
    from civicmail.core.config.log import set_up
    from civicmail.front.metrics.serve import serve

    if not settings.metrics.port:
        raise ConfigError("No port is set for metrics: civicmail config explain metrics.port")
    set_up(settings.log, "metrics")
    serve(settings, data, config, stop_on_signal())


def _serve_gateway(settings: Settings, data: Path) -> None:
    from civicmail.core.config.log import set_up
    from civicmail.core.sandbox.namespaces import keep_capabilities_here
    from civicmail.mail.gateway.serve import serve

    keep_capabilities_here()
    set_up(settings.log, f"gateway {os.getpid()}")
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    serve(settings, data)
