"""Which process does what (P-23)."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from civicmail.core.config.settings import Settings
from civicmail.front.cli import run
from civicmail.front.worker import mail, search
from civicmail.front.worker.job_loop import Job


@pytest.mark.rule(
    "P-23",
    "What was kept is indexed by a process that does nothing else, and what people wait for goes before what catches up.",
)
def test_one_process_does_nothing_but_the_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Attachments, learning and sealing wait for each other in another process."""
    done: dict[str, list[str]] = {}

    def note(name: str) -> None:
        def run_all(process: str, jobs: list[Job], _data: Path, _stop: threading.Event) -> None:
            done[process] = [job.name for job in jobs]

        module = {"mail": mail, "search": search}[name]
        monkeypatch.setattr(module, "run_all", run_all)
        module.run(Settings(), tmp_path, threading.Event())

    note("mail")
    note("search")
    assert done["search"] == ["index"]
    assert "index" not in done["mail"]
    assert "search" in run.JOBS
    assert 0 == run.NICE.get("search", 0) < run.NICE["courier"] == run.NICE["city"] < run.NICE["mail"]
