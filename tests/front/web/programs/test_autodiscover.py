"""Autodiscover, asked as Outlook asks it and read as it reads it (MS-OXDSCLI)."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from civicmail.front.web.programs import autodiscover
from front.web.programs.test_autoconfig import named

__all__ = ["named"]
PLACE = "/autodiscover/autodiscover.xml"
_ASKS = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
_MOBILE = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
_OUTER = "{http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006}"
_INNER = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"


def request(address: str, schema: str = autodiscover.OUTLOOK) -> bytes:
    inner = f"<EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{schema}</AcceptableResponseSchema>"
    return f'<?xml version="1.0"?><Autodiscover xmlns="{_ASKS}"><Request>{inner}</Request></Autodiscover>'.encode()


def ask(body: bytes, place: str = PLACE, **more: Any) -> Any:
    return Client(enforce_csrf_checks=True).post(place, body, content_type="text/xml", **more)


def protocols(answer: Any) -> dict[str, dict[str, str]]:
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/xml")
    account = ElementTree.fromstring(answer.content).find(f"{_INNER}Response/{_INNER}Account")
    assert account is not None
    assert (account.findtext(f"{_INNER}AccountType"), account.findtext(f"{_INNER}Action")) == ("email", "settings")
    rows = [{c.tag.removeprefix(_INNER): c.text or "" for c in p} for p in account.findall(f"{_INNER}Protocol")]
    return {row.pop("Type"): row for row in rows}


def code(answer: Any) -> int:
    """Of a refusal, which has no settings beside it."""
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/xml")
    root = ElementTree.fromstring(answer.content)
    error = root.find(f"{_OUTER}Response/{_OUTER}Error")
    assert error is not None and len(root) == len(root[0]) == 1 and error.findtext(f"{_OUTER}Message")
    return int(error.findtext(f"{_OUTER}ErrorCode") or 0)


@pytest.mark.rule("P-06", "Outlook reads hosts, ports, TLS and sign-in name of both services from one answer.")
@pytest.mark.parametrize("place", [PLACE, "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml"])
def test_outlook_reads_where_to_read_and_send(installed: object, named: Any, place: str) -> None:
    """Host, port and TLS of each service, under the whole address; no authentication that sends no password."""
    both = {"DomainRequired": "off", "LoginName": "ann@city.example", "SPA": "off", "SSL": "on", "AuthRequired": "on"}
    smtp = {"Server": "mail.city.example", "Port": "587", "Encryption": "TLS", "UsePOPAuth": "on", "SMTPLast": "off"}
    assert protocols(ask(request("ann@city.example"), place)) == {
        "IMAP": {"Server": "imap.city.example", "Port": "993", "Encryption": "SSL", **both},
        "SMTP": {**smtp, **both},
    }


@pytest.mark.rule(
    "P-06",
    "Autodiscover answers the same for every address of the city, and nothing for an address of another domain.",
)
def test_every_address_of_ours_gets_the_same_and_no_other_domain_anything(installed: object, named: Any) -> None:
    """Whether somebody is here shows in no answer; a password that comes along changes nothing; no database is asked."""
    there, nobody = "dana.ortiz@city.example", "nobody@CITY.example"
    answers = {ask(request(address)).content.replace(address.encode(), b"*") for address in (there, nobody)}
    answers |= {ask(request(there), headers={"Authorization": "Basic eDp5"}).content.replace(there.encode(), b"*")}
    assert len(answers) == 1
    assert ask(request(there), headers={"host": "autodiscover.city.example"}).status_code == 200
    foreign = ask(request("x@elsewhere.example"))
    assert code(foreign) == 500 and b"imap.city.example" not in foreign.content


@pytest.mark.rule(
    "P-06",
    "A request of Autodiscover with a document type, or that is large or none, is answered as such and nothing of it is repeated.",
)
def test_what_is_no_request_of_outlook_gets_an_answer_that_says_so(installed: object, named: Any) -> None:
    """No entity is expanded, nothing large is read, nothing that was sent comes back."""
    entity = b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    whole = request("ann@city.example")
    for body in (
        b"", b"<", b"{}", b"\xff\xfe", b"<a/>", request(""), request("ann"), request("<b/>"), request("a\n b@city.example"),
        entity + whole.partition(b"?>")[2].replace(b"ann@", b"&e;@"), entity + whole.partition(b"?>")[2],
        whole.replace(b"<Request>", b"<Request>" + b"<x/>" * autodiscover.LARGEST), b"<a>" * 5000,
        whole[:-3],
    ):  # fmt: skip
        assert code(ask(body)) == 600, body[:80]
    assert protocols(ask(whole.replace(b"1.0", b'1.0" encoding="none')))["IMAP"]["Port"] == "993"
    assert code(ask(request("ann@city.example", _MOBILE))) == 601
    assert code(Client().get(PLACE)) == 600
    assert Client().put(PLACE).status_code == 405


def test_the_json_leads_to_the_xml(installed: object, named: Any) -> None:
    """Autodiscover V2: in the query or in the path, by any case; nobody is found in it either."""
    client = Client()
    url = "https://mail.city.example/autodiscover/autodiscover.xml"
    for place in (
        "/autodiscover/autodiscover.json?Email=ann@city.example&Protocol=AutodiscoverV1&RedirectCount=1",
        "/Autodiscover/Autodiscover.json?email=nobody@city.example&protocol=autodiscoverv1",
        "/autodiscover/autodiscover.json/v1.0/ann@city.example?Protocol=Autodiscoverv1",
    ):
        answer = client.get(place)
        assert (answer.status_code, answer.json()) == (200, {"Protocol": "AutodiscoverV1", "Url": url}), place
    for query, status, error in (
        ("", 400, "MandatoryParameterMissing"),
        ("Email=ann&Protocol=AutodiscoverV1", 400, "MandatoryParameterMissing"),
        ("Email=ann@city.example", 400, "MandatoryParameterMissing"),
        ("Email=ann@city.example&Protocol=ActiveSync", 400, "InvalidProtocol"),
        ("Email=ann@elsewhere.example&Protocol=AutodiscoverV1", 404, "UserNotFound"),
    ):
        answer = client.get(f"/autodiscover/autodiscover.json?{query}")
        assert (answer.status_code, answer.json()["ErrorCode"]) == (status, error), query
    assert client.post("/autodiscover/autodiscover.json").status_code == 405


def test_a_city_that_has_named_no_services_says_so(installed: object) -> None:
    assert code(ask(request("ann@city.example"))) == 601
    where = "/autodiscover/autodiscover.json?Email=ann@city.example&Protocol=AutodiscoverV1"
    assert Client().get(where).status_code == 404
