"""The field for a person: names complete while typing; without script a form asks who is meant (P-04, P-16)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.models import Mandate, Protection
from pages.world import Town

Visit = Callable[[str], Client]
FORM = "/access/protected/new/"
WHY = {"kind": "union", "role": "member", "reason": "The council asked for it on Monday."}


@pytest.fixture
def namesake(city: Town) -> Any:
    """Another Lena Vogt, who works for the fire department and has no mailbox."""
    return city.person("vogt2", "Lena", "Vogt", "fire", "Dispatcher")


def offered(client: Client, words: str) -> dict[str, str]:
    """Line -> place."""
    page = client.get("/people/complete/", {"q": words})
    return dict(page.json()["people"]) if page.status_code == 200 else {}


@pytest.mark.django_db
@pytest.mark.usefixtures("namesake")
@pytest.mark.rule("P-04", "Names complete only to people whom the reader may see.")
def test_names_complete_to_whom_the_reader_may_see(visit: Visit) -> None:
    own, other = "Lena Vogt <lena.vogt@city.example>", "Lena Vogt <p-vogt2>"
    assert offered(visit("office"), "lena vo").keys() == {own, other}
    assert offered(visit("chief"), "vogt")[other] == "Dispatcher, Fire Department"
    assert offered(visit("crew0"), "lena.v").keys() == {own}, "without a mailbox one is not in the address book"
    assert offered(visit("office"), "l") == {}, "a single letter fits too many"
    assert offered(visit("crew6"), "lena") == {}
    assert visit("").get("/people/complete/?q=lena").status_code == 302


@pytest.mark.django_db
def test_a_form_takes_a_name_a_number_or_an_address(city: Town, visit: Visit) -> None:
    for words in ("dana ortiz", "p-crew0", "Dana.Ortiz@city.example", "Dana Ortiz <dana.ortiz@city.example>"):
        Protection.objects.filter(kind="union").delete()
        assert visit("office").post(FORM, {**WHY, "person": words}).status_code == 302, words
        assert Protection.objects.get(kind="union").person == city.people["crew0"]


@pytest.mark.django_db
def test_a_form_asks_which_of_those_with_one_name_is_meant(city: Town, visit: Visit, namesake: Any) -> None:
    page = visit("office").post(FORM, {**WHY, "person": "Lena Vogt"})
    text = page.content.decode()
    assert page.status_code == 422 and "2 people are called Lena Vogt: choose one." in text
    assert 'type="radio" name="person" value="p-vogt2"' in text and "Lena Vogt, Dispatcher, Fire Department" in text
    assert "The council asked for it on Monday." in text
    other = visit("office").post(FORM, {**WHY, "person": "?"}).content.decode()
    assert "Write the name, personnel number or address." in other and 'name="person" value="?"' not in other
    assert visit("office").post(FORM, {**WHY, "person": "p-vogt2"}).status_code == 302
    assert Protection.objects.filter(kind="union", person=namesake).exists()


@pytest.mark.django_db
def test_part_of_a_name_is_asked_about_and_not_taken(visit: Visit, city: Town) -> None:
    page = visit("office").post(FORM, {**WHY, "person": "Ortiz"}).content.decode()
    assert (
        "1 person fits “Ortiz”: choose." in page
        and 'value="p-crew0"' in page
        and not Protection.objects.filter(person=city.people["crew0"])
    )
    assert "More than 12 people fit" in visit("office").post(FORM, {**WHY, "person": "a"}).content.decode()
    page = visit("office").post(FORM, {**WHY, "person": "Nobody Known"}).content.decode()
    assert "Nobody in the directory has the name, number or address “Nobody Known”." in page


@pytest.mark.django_db
@pytest.mark.rule("P-16", "A name asks only about people whom the reader may see.")
def test_a_name_in_a_form_leaks_nobody(visit: Visit, city: Town, namesake: Any) -> None:
    Mailbox.objects.filter(holder=city.people["crew1"]).update(kind="personal", closed=city.now)
    page = visit("crew0").post("/access/mailboxes/dana.ortiz@city.example/users/new/", {"person": "Lena Vogt"})
    text = page.content.decode()
    assert page.status_code == 422 and "Nobody in the directory has the name" in text and "Dispatcher" not in text


@pytest.mark.django_db
def test_several_people_are_taken_in_lines_and_asked_about_with_numbers(visit: Visit, city: Town, namesake: Any) -> None:
    form = {"way": "request/records-officer", "days": "14", "reason": "A resident asks for letters about the works."}
    visit("recorder").post("/mandates/new/", {**form, "people": "Dana Ortiz\np-crew1, p-crew2\n"})
    assert Mandate.objects.latest("id").subjects.count() == 3
    page = visit("recorder").post("/mandates/new/", {**form, "people": "Lena Vogt"}).content.decode()
    assert "2 people are called Lena Vogt: choose one. Write the number: " in page
    assert "p-vogt2 (Lena Vogt, Dispatcher, Fire Department)" in page


@pytest.mark.neighbour("chromium")
def test_names_complete_while_typing(browse: Callable[..., Any]) -> None:
    page = browse("office", FORM)
    box = page.get_by_role("combobox", name="Who?")
    box.press_sequentially("dana")
    assert (
        page.get_by_role("listbox", name="Suggestions").get_by_role("option").first.inner_text()
        == "Dana Ortiz dana.ortiz@city.example Crew Clerk, Public Works"
    )
    box.press("Enter")
    assert box.input_value() == "Dana Ortiz <dana.ortiz@city.example>" and box.get_attribute("aria-expanded") == "false"


@pytest.mark.neighbour("chromium")
def test_a_chosen_person_becomes_a_token_of_the_field(browse: Callable[..., Any]) -> None:
    page = browse("recorder", "/mandates/new/")
    box = page.get_by_role("combobox", name="Whose mail?")
    box.press_sequentially("dana ort")
    page.get_by_role("listbox", name="Suggestions").get_by_role("option").first.click()
    box.press_sequentially("p-crew1,")
    page.get_by_role("button", name="Remove Lena Vogt").wait_for()
    lines = "Dana Ortiz <dana.ortiz@city.example>\nLena Vogt <lena.vogt@city.example>"
    assert page.locator("[name=people]").input_value() == lines and box.input_value() == ""
