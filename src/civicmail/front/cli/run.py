"""`civicmail run`: run all processes under a supervisor, or one in the foreground."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from civicmail.core.config.errors import ConfigError, UsageError
from civicmail.core.config.settings import Settings
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.lease import Lease, holder, lease_path
from civicmail.front.checkup.job_registry import Process
from civicmail.front.cli import options
from civicmail.front.cli.forked import fork
from civicmail.front.cli.supervise import DRAIN_SECONDS, Supervisor, die_with_parent
from civicmail.mail.replica import epoch

Role = Literal["gateway", "web", "worker", "metrics"]
NICE: dict[Process, int] = {"courier": 5, "city": 5, "mail": 10}
"""Who waits for a 250 goes first, and what was acknowledged is found in seconds; then comes what people wait for, as the pages do:
to have it, an answer. Who holds the lock of the database must not be kept from going on. Attachments and learning catch up."""

JOBS: tuple[Process, ...] = ("search", "mail", "courier", "city")
LOOK_SECONDS = 0.5  # between two looks whether another installation has taken over


@dataclass(frozen=True, slots=True)
class Part:
    """One of the processes that serve a city."""

    role: Role
    job: Process | None = None

    @property
    def words(self) -> list[str]:
        """Of its command line."""
        return ["run", self.role, *(["--job", self.job] if self.job else [])]

    @property
    def needs_people(self) -> bool:
        """Whether it needs Django."""
        return self.role in ("web", "metrics") or self.job == "city"


def run(
    installation: options.Installation,
    role: Annotated[Role | None, typer.Argument(help="Only this role; without it all of them.")] = None,
    job: Annotated[Process | None, typer.Option("--job", help="worker: only this one of its processes.")] = None,
    parent: Annotated[int, typer.Option("--parent", hidden=True)] = 0,
) -> None:
    """Serve until SIGTERM or Ctrl-C; running work is finished within 15 seconds."""
    folder, settings = installation.open()
    epoch.require_unfenced(folder)
    if job and role != "worker":
        raise UsageError("--job belongs to the role worker.")
    faulthandler.enable()  # a watchdog ends what stands still by SIGABRT; the log says where it stood
    if parent:
        _be_child_of(parent)
    if role is not None and (job or role != "worker"):
        _serve(settings, folder, installation.config, role, job)
    else:
        raise typer.Exit(_supervise(settings, folder, installation.config, role))


def _be_child_of(parent: int) -> None:
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # who has not begun ends at once; the others listen for themselves


def _serve(settings: Settings, data: Path, config: Path | None, role: Role, job: Process | None) -> None:
    if role == "gateway":
        _serve_gateway(settings, data)
    elif role == "web":
        _serve_web(settings, data, config)
    elif role == "metrics":
        _serve_metrics(settings, data, config)
    elif job:
        _serve_job(settings, data, config, job)


def _supervise(settings: Settings, data: Path, config: Path | None, role: Role | None) -> int:
    from civicmail.core.config.log import set_up

    parts = {f"worker {name}": Part("worker", name) for name in jobs(settings)}
    if role is None:
        parts |= {f"gateway {number}": Part("gateway") for number in range(1, settings.gateway.processes + 1)}
        parts |= {"web": Part("web")} if settings.web.serve else {}
        parts |= {"metrics": Part("metrics")} if settings.metrics.port else {}
    rest = ["--data", str(data), *(["--config", str(config.absolute())] if config else [])]
    program = [sys.executable, "-m", "civicmail.front.cli.main"]
    commands = {name: [*program, *part.words, *rest] for name, part in parts.items()}
    with _alone(data) if role is None else contextlib.nullcontext() as lease:
        set_up(settings.log, "run")
        supervisor = Supervisor(commands, optional={"web", "metrics"}, is_over=lambda: _is_fenced(data))
        if (part := _begin(supervisor, parts, data, config, rest)) is not None:
            if lease is not None:
                lease.close()
            _serve(settings, data, config, part.role, part.job)
            return 0
        return supervisor.run()


def _begin(supervisor: Supervisor, parts: Mapping[str, Part], data: Path, config: Path | None, rest: list[str]) -> Part | None:
    """Begin each process as a copy of this one, which imports for all of them; in the copy return what it is. One that dies is
    begun anew by its command, with the settings and the program as they are by then.

    The mail path begins first: it knows no Django, and does not wait for it."""
    parent = os.getpid()
    supervisor.listen()
    for needs_people, preload in ((False, _preload_mail), (True, lambda: _preload_people(data, config))):
        now = {name: part for name, part in parts.items() if part.needs_people is needs_people}
        if supervisor.is_stopping or not now:
            continue
        gc.disable()  # what is imported stays: to look through it again and again is an eighth of the time
        with contextlib.suppress(Exception):  # who needs it says so, and the others go on
            preload()
        gc.enable()
        for name, part in now.items():
            process = fork(["civicmail", *part.words, *rest])
            if process is None:
                _be_child_of(parent)
                return part
            supervisor.adopt(name, process)
    return None


def _preload_mail() -> None:
    from civicmail.front.worker import processes

    for module in {"civicmail.mail.gateway.serve"}.union(*(processes.modules(job) for job in JOBS if job != "city")):
        importlib.import_module(module)


def _preload_people(data: Path, config: Path | None) -> None:
    from civicmail.front.web.start import start
    from civicmail.front.worker import processes

    start(data, config)
    for module in processes.modules("city"):
        importlib.import_module(module)


def _is_fenced(data: Path) -> bool:
    """Whether another installation took over; False while the folder cannot be read."""
    with contextlib.suppress(OSError):
        return epoch.is_fenced(data)
    return False


def _alone(data: Path) -> Lease:
    """The lease of the whole installation. Gateways share their ports, so a second one would go unnoticed."""
    lease = lease_path(data, "run")
    try:
        return Lease.take(lease)
    except LeaseHeld:
        raise ConfigError(
            f"This installation is being served already, by process {holder(lease) or 'unknown'}. "
            f"A further gateway beside it: civicmail run gateway --data {data}"
        ) from None


def jobs(settings: Settings) -> tuple[Process, ...]:
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


def _serve_job(settings: Settings, data: Path, config: Path | None, job: Process) -> None:
    os.nice(NICE.get(job, 0))
    from civicmail.core.config.log import set_up
    from civicmail.front.worker import processes

    set_up(settings.log, f"worker {job}")
    if job == "standby" and not settings.archive.standby:
        raise ConfigError("[archive] standby names no second place.")
    prepare, is_preparing = _start_tables(data, config) if job == "city" else (lambda: None, lambda: False)
    stop = stop_on_signal()
    threading.Thread(target=_stop_when_fenced, args=(data, stop), daemon=True).start()
    processes.run(job, settings, data, stop, prepare, is_preparing)
    if is_preparing():
        os._exit(0)  # the thread that makes tables is cut short with the process
    epoch.require_unfenced(data)


def _start_tables(data: Path, config: Path | None) -> tuple[Callable[[], None], Callable[[], bool]]:
    """Start Django. Returns what brings the tables up to date, and whether that is under way."""
    from civicmail.front.web import start

    start.start(data, config)
    return lambda: start.prepare(data, config), start.is_preparing


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
