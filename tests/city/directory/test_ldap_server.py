"""A real OpenLDAP server is asked who works for the city: TLS first, pages, and half an answer is none (L7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from civicmail.city.directory import ldap_rows, ldap_server
from civicmail.city.directory.errors import Unusable
from civicmail.city.directory.ldap_rows import LdapMapping
from civicmail.core.config.settings import Ldap
from neighbours.slapd import PEOPLE, READER, Slapd, entry

pytestmark = pytest.mark.neighbour("slapd", "slapadd")


@pytest.fixture(scope="module")
def server() -> Iterator[Slapd]:
    people = [entry(f"e-{n}", title="Clerk", manager=f"uid=e-0,{PEOPLE}" if n else "") for n in range(25)]
    with Slapd([*people, entry("e-müller", sn="Müller", employeeNumber="m-1", employeeType="Volunteer")], limit=20) as running:
        yield running


@pytest.fixture
def source(server: Slapd) -> Ldap:
    return Ldap(
        name="hr",
        url=server.url,
        ca=str(server.ca),
        bind=READER,
        password_file=str(server.password),
        base=PEOPLE,
        page=7,
        timeout=30,
    )


@pytest.mark.rule("P-08", "People come from an LDAP server over verified TLS, in pages, all of them or none.")
@pytest.mark.parametrize("way", ["starttls", "ldaps"])
def test_people_come_in_pages_over_tls(way: str, source: Ldap, server: Slapd) -> None:
    asked = replace(source, url=server.secure) if way == "ldaps" else source
    feed = ldap_rows.feed(ldap_server.entries(asked, LdapMapping().requested_attributes()), LdapMapping())
    assert len(feed.rows) == 26 and feed.refused == []
    by_uid = {row.uid: row for row in feed.rows}
    assert by_uid["m-1"].family == "Müller" and by_uid["m-1"].kind == "volunteer"
    assert by_uid["e-3"].supervisor == "e-0" and by_uid["e-0"].supervisor == "" and by_uid["e-3"].position == "Clerk"


def test_what_is_not_whole_or_not_trusted_is_no_list(source: Ldap, server: Slapd, tmp_path: Path) -> None:
    """A wrong password, a certificate of somebody else, a server that stops in the middle, nobody there."""
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    for asked, said in (
        (replace(source, password_file=str(wrong)), "invalidCredentials"),
        (replace(source, password_file=str(tmp_path / "none")), "cannot be read"),
        (replace(source, ca=""), "certificate"),
        (replace(source, url=server.url.replace("localhost", "127.0.0.1"), starttls=False), "onfidentiality"),
        (replace(source, url="ldap://192.0.2.1:389", starttls=False), "only for this machine"),
        (replace(source, base=f"ou=nowhere,{PEOPLE}"), "noSuchObject"),
        (replace(source, filter="(objectClass=*"), "filter"),
    ):
        with pytest.raises(Unusable, match=said):
            ldap_server.entries(asked, ["sn"])


def test_the_same_people_have_the_same_checksum(source: Ldap) -> None:
    first, again = (ldap_server.entries(source, ["sn"]) for _ in range(2))
    assert ldap_server.sha256(first) == ldap_server.sha256(again) != ldap_server.sha256(first[1:])
