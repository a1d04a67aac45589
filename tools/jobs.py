"""Write docs/operate/jobs.md from the declared jobs: `.venv/bin/python tools/jobs.py`."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

from civicmail.front.checkup.job_registry import INDEX, JOBS, JOURNAL, PROCESSES, SNAPSHOT, DeclaredJob

PAGE = Path(__file__).parent.parent / "docs" / "operate" / "jobs.md"
HEAD = """# Worker jobs

The list of every job of the workers. Generated from `front/checkup/job_registry.py` by `tools/jobs.py`; do not edit.

A job waits for what the table names, and looks by itself when nothing has woken it for so long.
A change made on another machine of a network file system wakes nobody.
A job that only has a period looks that often.
Each job writes a heartbeat: `doctor`, the page *Health* and the [metrics](metrics.md) say when it fails or stands still.
`civicmail tick` runs once, in this order, each job that is marked in the last column.
"""
WORDS = {JOURNAL: "new records", SNAPSHOT: "the published snapshot", INDEX: "the index"}


def page() -> str:
    """The page as it should be."""
    parts = [HEAD]
    for process in PROCESSES:
        rows = "\n".join(_row(job) for job in JOBS if job.process == process)
        parts.append(
            f"\n## `civicmail run worker --job {process}`\n\n"
            "| job | what it does | woken by | looks at least every | while it does not run | `tick` |\n"
            f"|---|---|---|---|---|---|\n{rows}\n"
        )
    return "".join(parts)


def description(job: DeclaredJob) -> str:
    """The first line of its function's docstring."""
    function = getattr(importlib.import_module(f"civicmail.front.worker.{job.module}"), job.function)
    return (inspect.getdoc(function) or "").partition("\n")[0]


def _row(job: DeclaredJob) -> str:
    name = f"`{job.name} NAME`" if job.instances else f"`{job.name}`"
    woken = ", ".join(sorted(WORDS.get(change, f"table `{change}`") for change in job.woken_by))
    if job.is_endless:
        woken, period = "new records" if job.name == "courier" else "", "all the time"
    else:
        period = f"{job.fallback if job.woken_by else job.every:g} s"
    return f"| {name} | {description(job)} | {woken} | {period} | {job.silent} | {'yes' if job.counts else ''} |"


if __name__ == "__main__":
    PAGE.write_text(page())
