"""The first page of an empty installation is a list of what is to be set up, with what the program sees of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from civicmail.city.directory.models import Department, MailGroup
from civicmail.city.guard import guard
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Entry
from civicmail.city.identity import setup_code
from civicmail.city.identity.models import RoleActivation, RoleAssignment
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
    assert here.status_code == 200 and "<h1>Setup</h1>" in said
    assert "civicmail access claim --uid NUMBER" in said and f"--data {installed}" in said
    assert "<progress" in said
    elsewhere = Client().get("/", REMOTE_ADDR="192.0.2.7").content.decode()
    assert str(installed) not in elsewhere and "--data DIR" in elsewhere
    assert Client().get("/first-steps/").status_code == 302, "only the first page is anybody's"


FIRST = {"given": "Olga", "family": "Lund", "uid": "e-900", "department": "City IT", "reason": "council decision 26-14"}


@pytest.mark.rule("P-16", "Only who can read the setup code in the data folder claims an installation on its page, and once.")
def test_the_page_claims_with_the_setup_code_alone(installed: Path) -> None:
    """A wrong code, an empty one and a missing file claim nothing; the code is gone afterwards, and so is the form."""
    client = Client()
    assert client.post("/claim/", {"code": "", **FIRST}).status_code == 422, "there is no code before the page made one"
    client.get("/")
    code = setup_code.path(installed).read_text().strip()
    assert setup_code.path(installed).stat().st_mode & 0o777 == 0o600 and code not in client.get("/").content.decode()
    for wrong in ("", "0000-0000-0000-0000-0000", code[:-1], code + "0"):
        answer = client.post("/claim/", {"code": wrong, **FIRST})
        assert answer.status_code == 422 and not guard.is_claimed(installed), wrong
    assert client.post("/claim/", {"code": code, **FIRST, "department": "!!"}).status_code == 422
    assert client.get("/claim/").status_code == 405
    done = client.post("/claim/", {"code": code.upper().replace("-", " "), **FIRST})
    assert done.status_code == 302 and done["Location"].startswith("/accounts/welcome/")
    assert guard.is_claimed(installed) and not setup_code.path(installed).exists()
    assert RoleAssignment.objects.get().person.uid == "e-900" and Department.objects.get(code="city-it").name == "City IT"
    assert client.get(done["Location"]).status_code == 200
    assert Client().post("/claim/", {"code": code, **FIRST, "uid": "e-901"})["Location"] == "/", "once"
    assert RoleAssignment.objects.count() == 1
    entry = Entry.objects.get(act="access.claim")
    assert entry.reason == FIRST["reason"] and code not in str(entry.facts)


@pytest.mark.rule("P-29", "The setup page shows the first step that can be done, and what each later one waits for.")
def test_the_first_step_that_can_be_done_is_open(installed: Path) -> None:
    placed = page.places(steps(now=0))
    assert [p.state for p in placed].count("now") == 1 and placed[0].state == "now"
    by = {p.step.title: p for p in placed}
    assert by["Bring the people"].aside == "after step 1" and by["Hand out the roles"].state == "later"
    assert by["Prove the recovery key"].state == "open" and by["Prove the recovery key"].aside == "about 5 min"


@pytest.mark.rule(
    "P-29", "Who holds a role that sets up sees the setup before the role is activated, and may change nothing by it."
)
def test_whoever_has_not_activated_the_role_sees_the_setup(city: Town, visit: Visit) -> None:
    RoleActivation.objects.all().delete()
    shown = visit("office").get("/first-steps/")
    assert shown.status_code == 200 and "Activate the role…" in shown.content.decode()
    assert visit("office").post("/first-steps/lists/").status_code == 403
    assert visit("crew0").get("/first-steps/").status_code == 403


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
    assert "access claim" not in visit("office").get("/first-steps/").content.decode()


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


@pytest.mark.rule("P-29", "Each link of the setup opens; where a role must be activated first, it leads to the roles.")
@pytest.mark.parametrize("activated", [True, False])
@pytest.mark.parametrize("who", ["office", "operator"])
def test_each_link_opens_for_whoever_sees_it(city: Town, visit: Visit, who: str, activated: bool) -> None:
    if not activated:
        RoleActivation.objects.all().delete()
    browser = visit(who)
    links = [link for place in browser.get("/first-steps/").context["places"] for link in place.step.links if link.url]
    assert any(link.first for link in links) is not activated
    assert {browser.get(link.url).status_code for link in links} == {200}


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
