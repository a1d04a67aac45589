"""Which process does what (P-23)."""

from __future__ import annotations

import pytest

from civicmail.core.config.settings import Settings
from civicmail.front.checkup import job_registry
from civicmail.front.cli import run


@pytest.mark.rule(
    "P-23",
    "Indexing has a process of its own, and processes that people wait for have priority over those that catch up.",
)
def test_one_process_does_nothing_but_the_index() -> None:
    """Attachments, learning and sealing wait for each other in another process."""
    assert [job.name for job in job_registry.jobs(Settings(), "search")] == ["index"]
    assert "search" in run.JOBS
    assert 0 == run.NICE.get("search", 0) < run.NICE["courier"] == run.NICE["city"] < run.NICE["mail"]
