"""One click signs in: in a demo alone, and from this machine alone (P-07: everywhere else one person has one sign-in)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from django.test import Client

from civicmail.city.guard.models import Entry
from civicmail.city.identity.demo import FILE, is_demo
from pages.world import Town

pytestmark = pytest.mark.django_db
ROLES = [{"login": "crew0@city.example", "name": "Dana Ortiz", "role": "Employee", "can": "reads her mail"}]


@pytest.fixture
def demo(city: Town, installed: Path, settings: Any) -> Town:
    (installed / FILE).write_bytes(orjson.dumps(ROLES))
    settings.DEMO = is_demo(installed, "127.0.0.1")
    return city


def enter(login: str, **headers: str) -> tuple[Client, int]:
    client = Client()
    return client, client.post("/demo/", {"login": login}, **headers).status_code  # type: ignore[arg-type]


@pytest.mark.usefixtures("demo")
def test_a_visitor_of_the_demo_is_who_they_choose_to_be_and_an_entry_says_so() -> None:
    client, status = enter("crew0@city.example")
    assert status == 302
    page = client.get("/my/access/").content.decode()
    assert "Dana Ortiz" in page and "This is a demo." in page
    assert "this one" in client.get("/my/sign-in/").content.decode(), "the table of sessions has it"
    assert Entry.objects.filter(act="sign-in", client="127.0.0.1").values_list("person", flat=True).get() == "p-crew0"
    assert client.get("/my/devices/add/").status_code == 200, "nobody has anything to prove here"
    assert "Employee" in Client().get("/demo/").content.decode()


@pytest.mark.usefixtures("demo")
def test_only_the_roles_of_the_list_can_be_taken() -> None:
    client, status = enter("head@city.example")
    assert status == 404 and client.get("/my/access/").status_code == 302


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("headers", [{"REMOTE_ADDR": "192.0.2.7"}, {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, {"REMOTE_ADDR": ""}])
def test_from_elsewhere_and_through_a_proxy_there_is_no_such_page(headers: dict[str, str]) -> None:
    assert enter("crew0@city.example", **headers)[1] == 404
    assert Client().get("/demo/", **headers).status_code == 404  # type: ignore[arg-type]


@pytest.mark.usefixtures("city")
def test_without_a_demo_there_is_no_such_page_and_no_banner() -> None:
    assert enter("crew0@city.example")[1] == 404
    assert "This is a demo." not in Client().get("/accounts/login/").content.decode()


def test_a_demo_is_what_lies_in_its_folder_and_listens_here_alone(installed: Path) -> None:
    assert not is_demo(installed, "127.0.0.1")
    (installed / FILE).write_bytes(b"[]")
    assert is_demo(installed, "127.0.0.1") and is_demo(installed, "::1")
    for address in ("0.0.0.0", "", "unix:/run/web", "192.0.2.1", "localhost.example"):
        assert not is_demo(installed, address), address
    assert not is_demo(None, "127.0.0.1")
