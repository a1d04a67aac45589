"""Home says first what somebody waits for, whatever the role (issue 7: one screen holds everything that waits)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from civicmail.city.conduct.queries import tasks
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.home_tasks import Task, Tasks, waiting_first
from civicmail.desk.holding.models import AskedDepartment, Release
from pages.world import Town

DESKS = {
    "Check compromised accounts": "contained",
    "Decide on release requests": "releases",
    "Answer appeals": "contests",
    "Answer what was reported": "incidents",
    "Say whether 60 copies are taken back": "pull",
}


def waiting(t: Town, key: str) -> dict[str, str]:
    """Label -> route of what waits for somebody."""
    now = epoch_ms(t.now) + 1000  # roles are activated by then
    groups = tasks.of(actor_of(t.people[key].account, "", now), now)
    return {str(task.label): task.route for group in groups for task in group.tasks}


@pytest.mark.rule(
    "P-25, P-29, P-31",
    "Home has a task for every desk at which something waits for this person: accounts, requests, contests, cases, pulls, "
    "findings; never for their own.",
)
@pytest.mark.django_db
def test_an_officer_finds_every_desk_at_which_something_waits(city: Town) -> None:
    assert DESKS.items() <= waiting(city, "security").items()
    assert "Look at what rules on use have found" in waiting(city, "reviewer")
    assert not DESKS.keys() & waiting(city, "crew0").keys()
    Release.objects.update(requester=city.people["security"])
    assert "Decide on release requests" not in waiting(city, "security"), "their own is for somebody else"


@pytest.mark.rule("P-16, P-25", "A person who must activate the role first is told that something waits.")
@pytest.mark.django_db
def test_who_has_to_activate_a_role_first_hears_that_something_waits(city: Town) -> None:
    """Else nobody would know when."""
    city.grant("super", "security-officer")
    found = waiting(city, "super")
    assert DESKS.keys() <= found.keys()
    assert {found[label] for label in DESKS} == {"duties"}


@pytest.mark.rule("P-22", "A head has a task where many questions about files are foreseen.")
@pytest.mark.django_db
def test_a_head_is_asked_where_many_questions_are_foreseen(city: Town) -> None:
    label = "Say whether files of your department are asked about"
    assert label not in waiting(city, "head")
    AskedDepartment.objects.update(since=None, forecast=460)
    assert label in waiting(city, "head") and label not in waiting(city, "chief")


@pytest.mark.rule("P-05, P-22", "Tasks that someone waits for come before others, the oldest first.")
def test_what_somebody_waits_for_stands_before_what_suits_any_time() -> None:
    """What has stopped, then the oldest."""
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    quiet, late = Task("quiet", "home"), Task("late", "home", (), "", ("wait", "2"), now - timedelta(days=2))
    new, stop = Task("new", "home", (), "", ("warn", "1"), now), Task("stop", "home", (), "", ("stop", "1"))
    found = waiting_first([Tasks("A", [quiet]), Tasks("B", [quiet, new, late]), Tasks("C", []), Tasks("D", [new, stop])])
    assert [(g.name, [t.label for t in g.tasks]) for g in found] == [
        ("D", ["stop", "new"]), ("B", ["late", "new", "quiet"]), ("A", ["quiet"])
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.usefixtures("city")
def test_one_line_of_the_menu_is_where_one_is(visit: Callable[[str], Client]) -> None:
    """My files lie below the approvals, and are not those of others."""
    page = visit("head").get("/holding/approvals/mine/").content.decode()
    menu = page.partition('<nav id="nav"')[2].partition("</nav>")[0]
    assert menu.count('aria-current="page"') == 1 and 'mine/" aria-current="page"' in menu


@pytest.mark.django_db
def test_home_shows_it(city: Town, visit: Callable[[str], Client]) -> None:
    page: Any = visit("security").get("/").content.decode()
    assert all(label in page for label in DESKS)


@pytest.mark.django_db
@pytest.mark.usefixtures("city")
def test_who_cannot_use_mail_is_told_where_it_says_why(visit: Callable[[str], Client]) -> None:
    page = visit("crew4").get("/").content.decode()
    assert "You cannot use mail at this moment." in page and 'href="/my/access/"' in page
