"""The first page of an empty installation is a list of what is to be set up, with what the program sees of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from civicmail.city.directory.models import Department, MailGroup
from civicmail.city.guard.epoch import epoch_ms
from civicmail.front.web.firststeps import page
from civicmail.front.web.firststeps.steps import Step, steps
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


@pytest.fixture(autouse=True)
def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_complete", set())


def named(town: Town) -> dict[str, Step]:
    return {step.title: step for step in steps(now=epoch_ms(town.now))}


@pytest.mark.rule(
    "P-29",
    "The first page of an unclaimed installation lists the first steps to everyone, and its folder only on this machine.",
)
def test_an_empty_installation_lists_its_first_steps_to_anybody(installed: Path) -> None:
    """And its folder to whoever sits at this machine alone."""
    here = Client().get("/")
    said = here.content.decode()
    assert here.status_code == 200 and "<h1>First steps</h1>" in said
    assert "civicmail access claim --uid NUMBER" in said and f"--data {installed}" in said
    assert 'role="status"' in said and "<progress" in said
    elsewhere = Client().get("/", REMOTE_ADDR="192.0.2.7").content.decode()
    assert str(installed) not in elsewhere and "--data DIR" in elsewhere
    assert Client().get("/first-steps/").status_code == 302, "only the first page is anybody's"


@pytest.mark.rule(
    "P-29",
    "In a claimed installation the first steps are shown to those who set it up, from Home and Health, until all are done.",
)
def test_once_it_is_claimed_the_steps_are_for_those_who_set_up(city: Town, visit: Visit) -> None:
    """On Home and Health until all is done."""
    assert Client().get("/").status_code == 302
    for who, route in (("office", "/"), ("operator", "/"), ("operator", "/system/health/")):
        assert "/first-steps/" in visit(who).get(route).content.decode(), (who, route)
    assert "/first-steps/" not in visit("crew0").get("/").content.decode()
    assert "access claim" not in re.sub(r"(?s)^.*<h2>To do</h2>", "", visit("office").get("/first-steps/").content.decode())


@pytest.mark.rule("P-29", "The state of each first step is what the program sees; nothing is ticked off by hand.")
def test_each_state_is_what_the_program_sees(city: Town, visit: Visit) -> None:
    before = named(city)
    assert before["Claim the installation"].done and before["Publish the policy text"].done
    assert not before["Have report@ and records@"].done and not before["Decide whose files wait for a manager"].done
    Department.objects.update(head=None)
    assert not named(city)["Open departments and name their heads"].done
    Department.objects.update(head=city.people["head"])
    assert named(city)["Open departments and name their heads"].done
    assert visit("operator").post("/first-steps/lists/").status_code == 403
    assert visit("office").post("/first-steps/lists/").status_code == 302
    assert MailGroup.objects.filter(address="records@city.example").exists()
    assert named(city)["Have report@ and records@"].done


def test_what_is_not_done_has_a_link_or_a_command(city: Town) -> None:
    for step in named(city).values():
        assert step.done or step.links or step.commands, step.title
        assert step.fact.endswith(".") and step.purpose.endswith((".", ")")), step.title


def test_where_the_city_decides_how_senders_say_who_they_are(city: Town, visit: Visit) -> None:
    """P-14: what happens, and the lines that decide it."""
    said = visit("office").get("/first-steps/identification/").content.decode()
    assert "without_identification" in said and "agencies_named" in said and "Nothing is looked for" in said


def test_a_head_without_mail_gets_a_sign_in(city: Town, visit: Visit) -> None:
    """Somebody has to sign in before anybody of a new department can be given mail."""
    who = city.people["crew6"]
    place = f"/dept/public-works/people/{who.uid}/"
    assert "Make a sign-in letter" not in visit("office").get(place).content.decode()
    Department.objects.filter(code="fire").update(head=who)
    assert "Make a sign-in letter" in visit("office").get(place).content.decode()
