"""What was approved and cannot go at this moment goes when it can (P-22)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.notices.models import Notice
from civicmail.city.policy import active_rules
from civicmail.city.policy.active_rules import STARTER_FOLDER
from civicmail.desk.holding.actions import approval_execution
from civicmail.desk.holding.models import Approval
from civicmail.front.sample.installation import free_ports
from desk.holding.leaving import ACME, DOT, Bureau
from desk.holding.test_approvals import answer, clock, files
from desk.holding.test_partial_approval import BOTH, some
from desk.mailbox.conftest import city as city

__all__ = ["clock", "files"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def book(installed: Path) -> None:
    """What needs the virus scanner is enforced, too."""
    names = ("leaving", "threats")
    active_rules.publish(installed, "\n".join((STARTER_FOLDER / f"{name}.toml").read_text() for name in names))


@contextmanager
def away(settings: Any) -> Iterator[None]:
    """The virus scanner does not answer."""
    whole = settings.CITY
    (port,) = free_ports(1)
    settings.CITY = replace(whole, screening=replace(whole.screening, checks=["clamav"], clamd=f"127.0.0.1:{port}"))
    yield
    settings.CITY = whole


def done(row: Approval) -> dict[str, tuple[bool, str]]:
    """Address -> whether that was done, and what keeps it."""
    return {c.address: (c.done is not None, c.kept) for c in row.copies.all()}


@pytest.mark.rule(
    "P-22, promise 1",
    "Files approved while a check was unavailable leave when it is back, without another approval.",
)
@pytest.mark.usefixtures("book")
def test_what_was_approved_while_a_check_was_away_goes_when_it_is_back(files: Bureau, settings: Any) -> None:
    """Nobody approves it twice, and the sender hears of nothing that keeps it."""
    row = files.asked("crew0", ACME, DOT)
    with away(settings):
        answer(files, row, "head", to=(0,))
        assert done(row) == {ACME: (False, ""), DOT: (False, "")} and files.copies(row) == {ACME: "held", DOT: "held"}
        files.hear(approval_execution.FIRST_RETRY_MS)
        assert files.copies(row)[ACME] == "held"
    assert approval_execution.execute_pending(files.desk.now + 1) == 0, "to ask what is away takes its time"
    files.hear(approval_execution.FIRST_RETRY_MS)
    assert done(row) == {ACME: (True, ""), DOT: (False, "")} and files.copies(row) == {ACME: "goes", DOT: "held"}
    assert not Notice.objects.filter(key__startswith="approval-kept:").exists()


@pytest.mark.usefixtures("book")
def test_some_files_that_were_approved_while_a_check_was_away_go_alone_when_it_is_back(files: Bureau, settings: Any) -> None:
    """Which ones is remembered, once."""
    row = files.asked("crew0", ACME, files=BOTH)
    with away(settings):
        some(files, row, (0,), (1,))
        files.hear(approval_execution.FIRST_RETRY_MS)
        files.hear(approval_execution.MAX_RETRY_MS)
        assert files.copies(row) == {ACME: "held"}
    files.hear(approval_execution.MAX_RETRY_MS)
    assert files.copies(row) == {ACME: "goes"} and done(row) == {ACME: (True, "")}


@pytest.mark.usefixtures("book")
def test_a_check_that_is_away_for_a_day_keeps_what_was_approved_and_its_sender_hears_of_it(files: Bureau, settings: Any) -> None:
    row = files.asked("crew0", ACME)
    with away(settings):
        answer(files, row, "head")
        files.hear(approval_execution.RETRY_FOR)
        ((settled, kept),) = done(row).values()
        assert settled and "unavailable:clamav" in kept and files.copies(row) == {ACME: "held"}
    assert Notice.objects.filter(key__startswith="approval-kept:").count() == 1
    assert approval_execution.execute_pending(files.desk.now + approval_execution.MAX_RETRY_MS) == 0
