"""The address book as telephones and Thunderbird ask for it, read by the examples of the RFCs (4918, 6352, 6578, 6764)."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from django.test import Client

from city.identity.people import KEY, PASSWORD, T0, city
from city.identity.signins import account, department
from city.identity.signins import person as row
from civicmail.city.directory.models import Episode, Mailbox, MailGroup, Person
from civicmail.city.guard.models import Account, Entry, Failure
from civicmail.city.snapshot import published_snapshot
from civicmail.city.snapshot.credentials import key_path
from civicmail.front.web import dovecot_auth
from civicmail.front.web.carddav import address_book as books
from civicmail.front.web.carddav.resources import MAX_BODY

pytestmark = pytest.mark.django_db
BOOK = "/dav/books/city/"
NAMES = {"d": "DAV:", "c": "urn:ietf:params:xml:ns:carddav", "s": "http://calendarserver.org/ns/"}
SPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav" xmlns:s="http://calendarserver.org/ns/"'


@pytest.fixture
def installed(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ann signs in with her device; in the directory are Bo, an office, a list, a closed mailbox and a machine."""
    key_path(installed).write_bytes(KEY)
    published_snapshot.publish(installed, city())
    published_snapshot.mark_database_alive(installed, T0)
    monkeypatch.setattr(dovecot_auth, "now_ms", lambda: T0 + 1)
    monkeypatch.setattr(books, "_last", None)
    dovecot_auth._watch.cache_clear()
    at, dept = datetime.fromtimestamp(T0 / 1000, UTC), department()
    bo = Person.objects.create(uid="bo", given="Bo; Jr", family="Ünal", display="Bo Ünal")
    Episode.objects.create(person=bo, kind="employee", department=dept, position="Clerk, records", starts=at.date())
    box = {"department": dept, "made": at}
    Mailbox.objects.create(address="bo@city.example", name="Bo", kind="personal", holder=bo, **box)
    Mailbox.objects.create(address="clerk@city.example", name="City Clerk", kind="function", **box)
    Mailbox.objects.create(address="printer@city.example", name="Printer", kind="service", **box)
    Mailbox.objects.create(address="old@city.example", name="Old desk", kind="function", closed=at, **box)
    MailGroup.objects.create(address="all@city.example", name="Everybody", **box)
    return installed


def ask(
    method: str, path: str, body: str | bytes = "", login: str = "ann@city.example", password: str = PASSWORD, **head: str
) -> Any:
    text = base64.b64encode(f"{login}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {text}"} if login else {}
    client = Client(enforce_csrf_checks=True, REMOTE_ADDR="192.0.2.5")
    return client.generic(method, path, body, content_type="application/xml", headers={**headers, **head})


def propfind(path: str, prop: str = "", depth: str = "0") -> list[Element]:
    body = f"<d:propfind {SPACES}><d:prop>{prop}</d:prop></d:propfind>" if prop else ""
    return rows(ask("PROPFIND", path, body, Depth=depth))


def rows(answer: Any) -> list[Element]:
    assert answer.status_code == 207 and answer.headers["Content-Type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "{DAV:}multistatus"
    return root.findall("d:response", NAMES)


def text(element: Element, path: str) -> str:
    """Of what was found (200), not of what is missing."""
    for stat in element.findall("d:propstat", NAMES):
        if "200" in stat.findtext("d:status", "", NAMES):
            return stat.findtext(f"d:prop/{path}", "", NAMES)
    return ""


def query(filter_: str, more: str = "", data: str = "<c:address-data/>") -> list[Element]:
    inner = f"<d:prop><d:getetag/>{data}</d:prop><c:filter{filter_}</c:filter>{more}"
    return rows(ask("REPORT", BOOK, f"<c:addressbook-query {SPACES}>{inner}</c:addressbook-query>", Depth="1"))


@pytest.mark.rule(
    "P-06",
    "A program discovers the address book from the host alone: well-known address, principal, home, book (RFC 6764, RFC "
    "6352 6, 7).",
)
def test_a_program_finds_the_book_from_the_host_alone(installed: Path) -> None:
    """RFC 6764, 5397 and 6352: well-known address, principal, home, and the address book in it."""
    for method in ("GET", "PROPFIND"):
        known = ask(method, "/.well-known/carddav", login="")
        assert (known.status_code, known.headers["Location"]) == (301, "/dav/")
    (root,) = propfind("/dav/", "<d:current-user-principal/>")
    me = text(root, "d:current-user-principal/d:href")
    (principal,) = propfind(me, "<c:addressbook-home-set/><d:resourcetype/><d:nothing/>")
    assert [s.findtext("d:status", "", NAMES)[9:12] for s in principal.findall("d:propstat", NAMES)] == ["200", "404"]
    there = propfind(text(principal, "c:addressbook-home-set/d:href"), "<d:resourcetype/><d:displayname/>", "1")
    assert [one.findtext("d:href", "", NAMES) for one in there] == ["/dav/books/", BOOK]
    book = there[1]
    assert text(book, "d:displayname") == "Sample City"
    kinds = [e.tag for e in book.findall("d:propstat/d:prop/d:resourcetype/*", NAMES)]
    assert kinds == ["{DAV:}collection", "{urn:ietf:params:xml:ns:carddav}addressbook"]
    options = ask("OPTIONS", BOOK)
    assert "addressbook" in options.headers["DAV"].split(", ") and "REPORT" in options.headers["Allow"]
    assert [e.tag for e in propfind(BOOK)[0].findall("d:propstat/d:prop/d:current-user-privilege-set/d:privilege/*", NAMES)] == [
        "{DAV:}read"
    ]


@pytest.mark.rule(
    "P-06, P-14",
    "The address book has what the write page finds: people with a mailbox, offices and lists, no machine and nothing "
    "that is closed.",
)
def test_the_book_has_what_the_write_page_finds_as_cards(installed: Path) -> None:
    """People with a mailbox, offices and lists; no machine, nothing that is closed; vCard 3.0 by RFC 2426."""
    cards = {}
    for found in propfind(BOOK, "<d:getetag/>", "1")[1:]:
        href, etag = found.findtext("d:href", "", NAMES), text(found, "d:getetag")
        answer = ask("GET", href)
        assert answer.headers["Content-Type"] == "text/vcard; charset=utf-8" and answer.headers["ETag"] == etag
        assert "no-store" in answer.headers["Cache-Control"]
        assert ask("GET", href, **{"If-None-Match": etag}).status_code == 304
        lines = answer.content.decode().replace("\r\n ", "").split("\r\n")
        assert lines[:2] == ["BEGIN:VCARD", "VERSION:3.0"] and lines[-2:] == ["END:VCARD", ""]
        assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
        fields = dict(line.split(":", 1) for line in lines[:-1])
        cards[fields["EMAIL;TYPE=INTERNET,WORK"]] = fields
    assert set(cards) == {"bo@city.example", "clerk@city.example", "all@city.example"}
    bo = cards["bo@city.example"]
    assert (bo["FN"], bo["N"], bo["TITLE"]) == ("Bo Ünal", "Ünal;Bo\\; Jr;;;", "Clerk\\, records")
    assert bo["ORG"].startswith("Sample City;") and "TITLE" not in cards["clerk@city.example"]


def test_cards_are_asked_for_by_name_and_by_address(installed: Path) -> None:
    """RFC 6352 8.6, 8.7: query with all of its tests, multiget, limit."""

    def found(filter_: str) -> set[str]:
        return {text(one, "c:address-data").split("EMAIL;TYPE=INTERNET,WORK:")[1].split("@")[0] for one in query(filter_)}

    def match(name: str, words: str, more: str = "") -> str:
        return f'<c:prop-filter name="{name}"><c:text-match {more}>{words}</c:text-match></c:prop-filter>'

    everybody = {"bo", "clerk", "all"}
    assert found(">") == everybody
    assert found(f">{match('FN', 'ünal')}") == {"bo"}
    assert found(f">{match('EMAIL', 'clerk@', 'match-type="starts-with"')}{match('fn', 'BO ÜNAL', 'match-type="equals"')}") == {
        "bo",
        "clerk",
    }
    assert found(f' test="allof">{match("FN", "c")}{match("EMAIL", "example", 'match-type="ends-with"')}') == {"clerk"}
    assert found(f">{match('FN', 'bo', 'negate-condition="yes"')}") == {"clerk"}, "Everybody has it, too"
    assert found(f">{match('FN', 'bo ü', 'collation="i;octet"')}") == set()
    assert found('><c:prop-filter name="TITLE"><c:is-not-defined/></c:prop-filter>') == {"clerk", "all"}
    assert found('><c:prop-filter name="TEL"/>') == set()
    cut = query(">", "<c:limit><c:nresults>2</c:nresults></c:limit>")
    assert len(cut) == 3 and "507" in cut[-1].findtext("d:status", "", NAMES)
    href = query(f">{match('FN', 'bo ü')}", data='<c:address-data content-type="text/vcard" version="4.0"/>')[0]
    assert "VERSION:4.0" in text(href, "c:address-data")
    assert "KIND:individual" in text(href, "c:address-data")
    hrefs = f"<d:href>{href.findtext('d:href', '', NAMES)}</d:href><d:href>{BOOK}nobody.vcf</d:href><d:href>http://x/</d:href>"
    multiget = f"<c:addressbook-multiget {SPACES}><d:prop><c:address-data/></d:prop>{hrefs}</c:addressbook-multiget>"
    one, *others = rows(ask("REPORT", BOOK, multiget))
    assert "FN:Bo Ünal" in text(one, "c:address-data") and all("404" in o.findtext("d:status", "", NAMES) for o in others)


def test_who_has_a_state_of_the_book_hears_whether_it_is_another(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 6578: all at first, nothing while nothing is new, and from the start after a change; ctag and ETags say the same."""

    def sync(token: str) -> Any:
        inner = f"<d:sync-token>{token}</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop>"
        return ask("REPORT", BOOK, f"<d:sync-collection {SPACES}>{inner}</d:sync-collection>")

    first = sync("")
    token = ElementTree.fromstring(first.content).findtext("d:sync-token", "", NAMES)
    assert len(rows(first)) == 3 and rows(sync(token)) == []
    before = {o.findtext("d:href", "", NAMES): text(o, "d:getetag") for o in rows(first)}
    tag = text(propfind(BOOK, "<s:getctag/>")[0], "s:getctag")
    Mailbox.objects.filter(address="clerk@city.example").update(address="city.clerk@city.example")
    monkeypatch.setattr(books, "_last", None)
    again = sync(token)
    assert again.status_code == 403 and b"valid-sync-token" in again.content
    after = {o.findtext("d:href", "", NAMES): text(o, "d:getetag") for o in rows(sync(""))}
    assert before.keys() == after.keys() and len(before.items() - after.items()) == 1
    assert text(propfind(BOOK, "<s:getctag/>")[0], "s:getctag") != tag


@pytest.mark.rule("P-07, P-09", "A person who may not read mail at this moment may not read the address book either.")
def test_nobody_reads_it_who_may_not_read_mail_at_this_moment(installed: Path) -> None:
    """A device password, as at the IMAP door; who lost access is nobody at once; a wrong one is counted."""
    assert ask("PROPFIND", BOOK, Depth="0").status_code == 207
    for login, password in (("", ""), ("ann@city.example", "wrong"), ("clerk@city.example", PASSWORD), ("nobody", PASSWORD)):
        for method, path in (("PROPFIND", "/dav/"), ("OPTIONS", BOOK), ("GET", BOOK), ("REPORT", BOOK)):
            answer = ask(method, path, login=login, password=password)
            assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith('Basic realm="Sample City"')
            assert not answer.content
    assert Failure.objects.filter(door="imap").exists() and not Entry.objects.exists()
    ann = city().people["ann"]
    for version, ended in enumerate((replace(ann, grants=()), replace(ann, grants=(), devices=(), epoch=2)), 2):
        published_snapshot.publish(installed, city(version, T0 + 1, people=[ended]))
        dovecot_auth._watch.cache_clear()
        assert ask("PROPFIND", BOOK, Depth="0").status_code == 401


def test_what_an_officer_locked_reads_no_book(installed: Path) -> None:
    account(row("ann", "Ann Müller"), "ann@city.example")
    Account.objects.update(locked=datetime.fromtimestamp(T0 / 1000, UTC))
    assert ask("PROPFIND", BOOK, Depth="0").status_code == 401


@pytest.mark.rule(
    "P-06",
    "Nothing of the address book can be written, and no request with a document type, too deep or too large is read.",
)
def test_nothing_is_written_and_nothing_hostile_is_read(installed: Path) -> None:
    """No method changes anything; no document type, no depth, no size."""
    href = propfind(BOOK, "<d:getetag/>", "1")[1].findtext("d:href", "", NAMES)
    for method in ("PUT", "DELETE", "POST", "PATCH", "PROPPATCH", "MKCOL", "MOVE", "LOCK"):
        assert ask(method, href).status_code == 405, method
    assert ask("GET", href).status_code == 200
    bomb = f'<!DOCTYPE d [<!ENTITY a "{"x" * 99}">]><d:propfind {SPACES}><d:prop><d:getetag/>&a;</d:prop></d:propfind>'
    for body in (bomb, bomb.replace("&a;", ""), "<", "\xff", f"<d:prop {SPACES}/>", "<a>" * 5000, "<a>" * 30 + "</a>" * 30):
        assert ask("PROPFIND", BOOK, body, Depth="0").status_code == 400, body[:60]
        assert ask("REPORT", BOOK, body).status_code in (400, 403), body[:60]
    assert ask("REPORT", BOOK, "").status_code == 400
    assert ask("PROPFIND", BOOK, b"<a>" + b" " * MAX_BODY, Depth="0").status_code == 413
    assert ask("PROPFIND", BOOK).status_code == ask("PROPFIND", BOOK, Depth="infinity").status_code == 403
    for path in ("/dav/books/", "/dav/me/"):
        assert ask("REPORT", path, f"<c:addressbook-query {SPACES}/>").status_code == 403
    assert ask("PROPFIND", "/dav/books/other/", Depth="0").status_code == ask("GET", "/dav/x.vcf").status_code == 404
    assert ask("PROPFIND", "/my/access/", Depth="0").status_code == 405
    odd = '<c:prop-filter name="FN"><c:text-match collation="i;odd">x</c:text-match></c:prop-filter>'
    refused = ask("REPORT", BOOK, f"<c:addressbook-query {SPACES}><c:filter>{odd}</c:filter></c:addressbook-query>")
    assert refused.status_code == 403 and b"supported-collation" in refused.content
