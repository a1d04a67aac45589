"""Each job is declared once, and what reads the declarations agrees (P-23)."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import replace

from django.apps import apps

from civicmail.core.config.settings import Settings, Siem, Webhook
from civicmail.front.checkup import job_registry
from civicmail.front.checkup.job_registry import INDEX, JOBS, JOURNAL, SNAPSHOT
from civicmail.front.worker.tick import Done
from tools import jobs as page


def test_a_declared_job_has_its_function_with_a_sentence_for_the_manual() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)
    for job in JOBS:
        module = importlib.import_module(f"civicmail.front.worker.{job.module}")
        assert inspect.isgeneratorfunction(getattr(module, job.function)), job.name
        assert page.description(job).endswith("."), job.name
        assert hasattr(module, f"{job.function}_once") == job.has_once, job.name


def test_what_wakes_a_job_exists() -> None:
    """A table by another name would never wake it."""
    tables = {model._meta.db_table for model in apps.get_models()}
    assert not {change for job in JOBS for change in job.woken_by} - tables - {JOURNAL, SNAPSHOT, INDEX}
    assert all(job.fallback >= job.every for job in JOBS if job.woken_by)


def test_tick_counts_what_the_jobs_do() -> None:
    done = Done()
    assert all(isinstance(getattr(done, job.counts), int) for job in JOBS if job.counts)


def test_there_is_a_job_for_each_receiver_with_its_own_lease() -> None:
    settings = Settings()
    settings = replace(
        settings, oversight=replace(settings.oversight, webhook=[Webhook(name="a"), Webhook(name="b")], siem=[Siem(name="a")])
    )
    known = {job.name: job for job in job_registry.jobs(settings, "city")}
    assert {known[name].lease for name in ("hook a", "hook b", "siem a")} == {"hooks-a", "hooks-b", "siem-a"}
    assert known["hook b"].instance == "b" and job_registry.by_name("hook b").name == "hook"


def test_the_page_of_jobs_is_what_is_declared() -> None:
    assert page.PAGE.read_text() == page.page(), ".venv/bin/python tools/jobs.py"
