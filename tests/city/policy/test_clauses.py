"""The policy clause by clause: whole, told in short sentences, and with a place for every clause that the program cites."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.policy.clauses import (
    CLAUSE_REFERENCE,
    CLAUSES,
    CLAUSES_PATH,
    MAX_REPLY_LENGTH,
    OUT_OF_REACH,
    clause_url,
    with_link,
)
from civicmail.city.snapshot.sender_refusals import REFUSALS, smtp_reply
from civicmail.core.wire.replies import encode_reply
from house.sources import PACKAGE

PAGES = "https://mail.city.example"


def test_every_clause_is_there_once_in_order() -> None:
    assert list(CLAUSES) == [f"P-{n:02}" for n in range(1, 32)]
    for clause in CLAUSES.values():
        for text in (clause.says, clause.means, clause.does):
            assert text.endswith(".") and 20 <= len(text) <= 330, clause.number
    assert len({c.title for c in CLAUSES.values()}) == 31


def sources() -> Iterator[tuple[str, str]]:
    for pattern in ("*.py", "*.html"):
        for path in PACKAGE.rglob(pattern):
            yield str(path.relative_to(PACKAGE)), path.read_text("utf-8")


@pytest.mark.rule("P-18, promise 7", "Every clause that the program cites has its place in the policy as people read it.")
def test_every_clause_that_the_program_cites_has_its_place() -> None:
    """Acts, sentences of refusals, doors, pages: each number leads somewhere."""
    assert {act.clause for act in PERMISSIONS.values()} <= CLAUSES.keys()
    found = {(place, number) for place, text in sources() for number in re.findall(r"\bP-\d\d\b", text)}
    assert len(found) > 100
    assert {(place, number) for place, number in found if number not in CLAUSES} == set()


def test_what_no_mail_system_reaches_is_said_and_is_the_citys_all_the_same() -> None:
    """P-11, P-15, P-16."""
    assert CLAUSE_REFERENCE.findall(" ".join(OUT_OF_REACH)) == ["11", "15", "16"]
    assert "private account" in CLAUSES["P-11"].means and "city property" in CLAUSES["P-11"].means.replace(
        "city \nproperty", "city property"
    )
    assert "cannot reach" in CLAUSES["P-15"].means


@pytest.mark.rule("P-14, promise 7", "A refusal by mail names its clause and where it is read, within one line.")
def test_a_refusal_by_mail_names_its_clause_and_where_it_is_read() -> None:
    """Within the 512 octets of a reply with what the gateway adds (RFC 5321 4.5.3.1.5); a 4xx and a yes stay as they are."""
    for rule in REFUSALS:
        said = f"{smtp_reply(rule)} archived=018f3c5e-7a10-7f00-8000-0123456789ab"
        longer = with_link(said, PAGES)
        assert longer == f"{said} {PAGES}/policy/text/#p-14"
        encoded = encode_reply(longer)
        assert len(encoded) <= 512 and encoded.endswith(b"/policy/text/#p-14\r\n")
    assert with_link(smtp_reply("outside"), "") == smtp_reply("outside")
    for untouched in (
        "250 2.0.0 Ok",
        "451 4.3.0 later (P-23)",
        "550 5.7.1 Relaying is refused",
        f"550 5.7.1 P-14 {'x' * MAX_REPLY_LENGTH}",
    ):
        assert with_link(untouched, PAGES) == untouched


@pytest.mark.rule("P-18", "The policy is read without a sign-in.")
@pytest.mark.django_db
def test_the_policy_is_read_without_a_sign_in(installed: object) -> None:
    """Public, as the policy is; each clause has its anchor, and what it cites leads on."""
    assert reverse("policy-text") == CLAUSES_PATH and clause_url("P-14") == "/policy/text/#p-14"
    page = Client().get(CLAUSES_PATH)
    text = page.content.decode()
    assert page.status_code == 200
    for clause in CLAUSES.values():
        assert f'id="{clause.anchor}"' in text
        assert text.count(f'href="#{clause.anchor}"') == 1
    assert '<a class="cm-keep" href="/policy/text/#p-16">P-16</a>' in text
    assert Client().get(CLAUSES_PATH, headers={"accept-language": "es"}).status_code == 200
