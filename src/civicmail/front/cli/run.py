"""`civicmail run`: all processes under one supervisor, or one of them in the foreground."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Literal

import typer

from civicmail.core.config.errors import UsageError
from civicmail.core.config.load import load
from civicmail.core.config.settings import Settings
from civicmail.front.cli import options
from civicmail.front.cli.supervise import DRAIN_SECONDS, Supervisor, die_with_parent
from civicmail.mail.replica import epoch

Role = Literal["gateway", "worker"]
Job = Literal["mail", "courier", "city", "standby"]
WORKER_NICE = 10
"""Who waits for a 250 goes first: a worker that falls behind catches up, a client that is kept waiting goes away."""

JOBS: tuple[Job, ...] = ("mail", "courier", "city")
LOOK_SECONDS = 0.5  # between two looks whether another installation has taken over


def run(
    role: Annotated[Role | None, typer.Argument(help="Only this role; without it all of them.")] = None,
    data: options.Data = None,
    config: options.Config = None,
    job: Annotated[Job | None, typer.Option("--job", help="worker: only this one of its processes.")] = None,
    parent: Annotated[int, typer.Option("--parent", hidden=True)] = 0,
) -> None:
    """Serve until SIGTERM or Ctrl-C; what is under way is finished within 15 seconds."""
    folder = options.data_folder(data)
    settings = load(folder, config)
    epoch.require_unfenced(folder)
    if job and role != "worker":
        raise UsageError("--job belongs to the role worker.")
    if parent:
        die_with_parent(parent)
    if role == "gateway":
        _serve_gateway(settings, folder)
    elif role == "worker" and job:
        _serve_job(settings, folder, job)
    else:
        raise typer.Exit(_supervise(settings, folder, config, role))


def _supervise(settings: Settings, data: Path, config: Path | None, role: Role | None) -> int:
    from civicmail.core.config.log import set_up

    set_up(settings.log, "run")
    rest = ["--data", str(data), *(["--config", str(config.absolute())] if config else [])]
    program = [sys.executable, "-m", "civicmail.front.cli.main", "run"]
    wanted = {f"worker {name}": [*program, "worker", "--job", name, *rest] for name in _jobs(settings)}
    if role is None:
        for number in range(1, settings.gateway.processes + 1):
            wanted[f"gateway {number}"] = [*program, "gateway", *rest]
    return Supervisor(wanted).run()


def _jobs(settings: Settings) -> tuple[Job, ...]:
    return (*JOBS, "standby") if settings.archive.standby else JOBS


def stop_on_signal() -> threading.Event:
    """An event that SIGTERM and SIGINT set; the kernel ends the process when it has not drained in time."""
    stop = threading.Event()

    asked = False

    def ask(_number: int, _frame: object) -> None:
        # Ctrl-C comes from the terminal and again, as SIGTERM, from the supervisor: the second one must not wait for the lock that
        # set() holds when it is interrupted
        nonlocal asked
        if asked:
            return
        asked = True
        stop.set()
        signal.alarm(DRAIN_SECONDS)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop


def _serve_job(settings: Settings, data: Path, job: Job) -> None:
    if job != "standby":
        os.nice(WORKER_NICE)
    stop = stop_on_signal()
    from civicmail.core.config.log import set_up
    from civicmail.front.worker import jobs

    set_up(settings.log, f"worker {job}")
    threading.Thread(target=_stop_when_fenced, args=(data, stop), daemon=True).start()
    work = {"mail": jobs.run_mail, "courier": jobs.run_courier, "city": jobs.run_city, "standby": jobs.run_standby}
    work[job](settings, data, stop)
    epoch.require_unfenced(data)


def _stop_when_fenced(data: Path, stop: threading.Event) -> None:
    """Another installation has taken over: nothing more is delivered here."""
    while not stop.wait(LOOK_SECONDS):
        if epoch.is_fenced(data):
            stop.set()


def _serve_gateway(settings: Settings, data: Path) -> None:
    from civicmail.core.config.log import set_up
    from civicmail.mail.gateway.serve import serve

    set_up(settings.log, f"gateway {os.getpid()}")
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    serve(settings, data)
