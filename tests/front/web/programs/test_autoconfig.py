"""Mozilla's autoconfig, read by a real parser as a mail program reads it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.test import Client

from civicmail.core.config.services import Service, Services
from civicmail.front.web.programs import autoconfig

BOTH = Services(Service("imap", "imap.city.example", 993, True), Service("submission", "mail.city.example", 587, False))
PLACES = ("/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml")


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A city that has named its services."""
    programs = dataclasses.replace(
        settings.CITY.programs, imap="imaps://imap.city.example:993", submission="submission://mail.city.example:587"
    )
    city = dataclasses.replace(
        settings.CITY, programs=programs, web=dataclasses.replace(settings.CITY.web, url="https://mail.city.example")
    )
    monkeypatch.setattr(settings, "CITY", city)
    yield city


def read(text: str) -> tuple[ElementTree.Element, dict[str, dict[str, str]]]:
    root = ElementTree.fromstring(text)
    provider = root.find("emailProvider")
    assert root.tag == "clientConfig" and root.get("version") == "1.1" and provider is not None
    servers = {s.get("type", ""): {c.tag: c.text or "" for c in s} for s in provider if s.tag.endswith("Server")}
    return provider, servers


@pytest.mark.rule("P-06", "A mail program reads hosts, ports, TLS and sign-in name from one file.")
def test_a_program_reads_hosts_ports_and_how_to_sign_in() -> None:
    """Host, port, kind of TLS and sign-in name of each service, and the help page in both languages."""
    provider, servers = read(
        autoconfig.config(BOTH, ["city.example", "fire.example"], "City & Sons <1>", "https://m.example/set-up/")
    )
    assert provider.get("id") == "city.example"
    assert [d.text for d in provider.findall("domain")] == ["city.example", "fire.example"]
    assert provider.findtext("displayName") == "City & Sons <1>"
    how = {"authentication": "password-cleartext", "username": "%EMAILADDRESS%"}
    assert servers == {
        "imap": {"hostname": "imap.city.example", "port": "993", "socketType": "SSL", **how},
        "smtp": {"hostname": "mail.city.example", "port": "587", "socketType": "STARTTLS", **how},
    }
    documentation = provider.find("documentation")
    assert documentation is not None and documentation.get("url") == "https://m.example/set-up/"
    assert {d.get("lang") for d in documentation} == {"en", "es"}


@pytest.mark.rule("P-06", "The file for mail programs is the same for every address of the city, so it reveals no accounts.")
@pytest.mark.parametrize("place", PLACES)
def test_the_file_is_there_without_a_sign_in_and_is_the_same_for_everybody(installed: object, named: Any, place: str) -> None:
    """Nobody learns from it who is here; an address of another domain is not ours to answer for; no database is asked."""
    client = Client()
    answers = [
        client.get(place, {"emailaddress": a}) for a in ("dana.ortiz@city.example", "nobody@city.example", "x@CITY.example", "")
    ]
    assert {(a.status_code, a.content) for a in answers} == {(200, answers[0].content)}
    assert answers[0].headers["Content-Type"].startswith("text/xml")
    assert "public" in answers[0].headers["Cache-Control"]
    assert read(answers[0].content.decode())[1]["imap"]["hostname"] == "imap.city.example"
    assert client.get(place, {"emailaddress": "x@elsewhere.example"}).status_code == 404
    assert client.post(place).status_code in (403, 405)
    assert client.get(place, headers={"host": "autoconfig.city.example"}).status_code == 200


def test_without_named_services_there_is_no_file(installed: object) -> None:
    assert [Client().get(place).status_code for place in PLACES] == [404, 404]
