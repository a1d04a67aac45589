"""Where a link of a delivered copy leads, for anybody, and what is kept of who followed it (P-31)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.notices import signed_links
from civicmail.city.policy import active_rules, rule_parser
from civicmail.city.policy.rules import RuleSet
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.actions.link_openings import record_opening
from civicmail.desk.incidents.link_destination import Destination, KnownIncidents, LinkContext, destination
from civicmail.desk.incidents.models import Case, Mark, Opening, Pull, Pulled, Report
from civicmail.front.web import middleware
from civicmail.front.worker import processes
from civicmail.mail.courier import link_rewriting
from civicmail.mail.courier.link_rewriting import RewrittenLink
from civicmail.mail.screening.lookalikes import protect
from desk.holding.test_quarantine import words
from front.worker.rounds import once
from pages.test_violations import Said
from pages.world import Town

NOW = 1_772_452_800_000
PERSON = {"HTTP_SEC_FETCH_USER": "?1", "HTTP_SEC_FETCH_MODE": "navigate"}
PROTECTED = protect(("springfield.gov",))
NOTHING = KnownIncidents()
RULE = """
[[rule]]
id = "that-place"
clause = "P-25"
owner = "Security office"
why = "An attack that is under way leads there."
expires = 2099-12-31
severity = "high"
mode = "enforce"
when = 'inbound && "evil.example" in links.hosts'
do = "quarantine"
reader = "It is part of an attack."
ask = "the help desk"
mark = "attack"
[[rule.example]]
facts = { inbound = true, links.hosts = ["evil.example"] }
fits = true
[[rule.example]]
facts = { inbound = true, links.hosts = ["other.example"] }
fits = false
"""


def book(text: str = RULE) -> RuleSet:
    return rule_parser.parse_rule_set([("active.toml", text)])


def place(url: str, pretended: str = "", *, known: KnownIncidents | None = NOTHING, rules: RuleSet | None = None) -> Destination:
    asked = LinkContext(PROTECTED, rules if rules is not None else replace(book(), rules=()), NOW)
    return destination(url, pretended, asked, known)


@pytest.mark.rule("P-31", "The page shows the host that a browser would use, as people read it, and the pretended one.")
@pytest.mark.parametrize(
    ("url", "pretended", "reads", "why"),
    [
        ("https://news.example/a?b=1", "", "news.example", []),
        ("http://news.example/", "", "news.example", ["plain"]),
        ("https://bank.example@evil.example/", "", "evil.example", ["user"]),
        ("https://evil.example/", "bank.example", "evil.example", ["pretends"]),
        ("https://spr1ngfield.com/", "", "spr1ngfield.com", ["looks"]),
        ("https://2130706433/", "", "127.0.0.1", ["address"]),
        ("https://xn--80ak6aa92e.com/", "", "\u0430\u0440\u0440\u04cf\u0435.com", ["foreign"]),
        ("https://b\u00fccher.example/", "", "b\u00fccher.example", ["foreign"]),
    ],
)
def test_the_real_name_is_shown_with_what_is_odd_about_it(url: str, pretended: str, reads: str, why: list[str]) -> None:
    """The page names the host that a browser would ask, as people see it, and what the message pretended."""
    found = place(url, pretended)
    assert (found.reads, [reason for reason, _ in found.why]) == (reads, why)
    assert found.verdict == ("warn" if why else "quiet") and not found.unasked


@pytest.mark.rule("P-31", "Rules and incidents of the moment of the click stop a link.")
def test_rules_and_incidents_of_this_moment_stop_a_link() -> None:
    """The verdict is that of the moment of the click: a rule that names the host, or an incident that was answered."""
    assert place("https://evil.example/").verdict == "quiet"
    assert place("https://evil.example/", rules=book()).verdict == "stop"
    assert place("https://other.example/", rules=book()).verdict == "quiet"
    assert place("https://evil.example/", known=KnownIncidents(case=True)).verdict == "stop"
    assert place("https://evil.example/", known=KnownIncidents(host=True)).verdict == "warn"


@pytest.mark.rule("P-31", "Unavailable information about a link is stated, and the page works.")
def test_what_could_not_be_asked_is_said() -> None:
    """Without incidents or rules the page still says where the link leads, and that not all was asked."""
    assert place("https://evil.example/", known=None).unasked
    assert destination("https://evil.example/", "", LinkContext(PROTECTED, None, NOW), KnownIncidents()).unasked
    assert place("https://evil.example/", rules=replace(book(), error="gone")).unasked
    assert place("https://evil.example/", rules=replace(book(), error="gone")).verdict == "stop"


# -- the page


@pytest.fixture
def capture(city: Town) -> str:
    return str(city.objects["mail delivered"])


def link(data: Path, capture: str, url: str = "https://evil.example/login", pretended: str = "") -> str:
    return f"/l/{link_rewriting.token(signed_links.ring(data), RewrittenLink(uuid.UUID(capture).bytes, 0, url, pretended))}"


@pytest.mark.rule("P-31", "Everyone continues by a plain link, and opening clean links leaves no trace.")
@pytest.mark.django_db
def test_anybody_sees_where_it_leads_and_goes_on_by_a_plain_link(installed: Path, capture: str) -> None:
    """Without an account the real name and a plain link; nothing is kept and no log says who was there."""
    address = link(installed, capture, pretended="bank.example")
    for path in (address, f"{address}/", f"{address}//"):
        response = Client().get(path, **PERSON)
        assert response.status_code == 200 and response["Referrer-Policy"] == "same-origin"
        assert 'href="https://evil.example/login"' in response.content.decode() and "bank.example" in words(response)
    assert not Opening.objects.exists()
    assert Client().post(address).status_code == 302 and not Opening.objects.exists()


@pytest.mark.rule("P-31", "A reader in doubt reports the message from the page of the link.")
@pytest.mark.django_db
def test_whoever_doubts_a_link_reports_its_message_from_the_page(installed: Path, city: Town, capture: str) -> None:
    """As whoever holds the mailbox of the copy, by the button of the next page; a dangerous one is known already."""
    Report.objects.all().delete()
    page = Client().get(link(installed, capture)).content.decode()
    found = re.search(r'href="(/report/[A-Za-z0-9_-]+/)"', page)
    assert found is not None
    assert Client().get(found[1]).status_code == 200 and not Report.objects.exists()
    assert Client().post(found[1]).status_code == 302
    assert [(row.capture, row.how) for row in Report.objects.all()] == [(capture, "link")]
    Case.objects.filter(capture=capture).update(state="right", person=city.people["admin"], answered=city.now, why="It is bad.")
    assert "/report/" not in Client().get(link(installed, capture)).content.decode()


@pytest.mark.rule("P-31, promise 4", "No log states who followed a link.")
@pytest.mark.django_db
def test_no_log_says_who_followed_a_link(
    installed: Path, capture: str, visit: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of whoever follows a link no log has a name, signed in or not, nor where it led."""
    log = Said()
    monkeypatch.setattr(middleware, "log", log)
    visit("crew0").get(link(installed, capture), **PERSON)
    (facts,) = [facts for facts in log.pages if facts["view"] == "link-followed"]
    assert facts["person"] == "-" and "evil.example" not in str(facts)


@pytest.mark.rule("P-31", "A forged link leads nowhere.")
@pytest.mark.django_db
def test_a_forged_link_leads_nowhere(installed: Path, capture: str) -> None:
    """Of a link that is not ours the page says nothing and sends nobody anywhere."""
    address = link(installed, capture)
    for path in (f"{address[:-1]}{'A' if address[-1] != 'A' else 'B'}", "/l/x", f"/l/{'A' * 60}", address.replace("/l/A", "/l/B")):
        response = Client().get(path)
        assert response.status_code == 404 and "evil.example" not in response.content.decode()
    javascript = Client().get(link(installed, capture, "javascript:alert(1)"))
    assert 'href="javascript' not in javascript.content.decode()


@pytest.mark.rule("P-31", "People who open a dangerous link are recorded for security; programs do not count.")
@pytest.mark.django_db
def test_who_wanted_to_go_to_a_dangerous_place_is_kept_for_security_and_programs_do_not_count(
    installed: Path, city: Town, capture: str
) -> None:
    """A look by a scanner or a browser that looks ahead is nothing; a person who opens a dangerous link is kept, once."""
    Case.objects.filter(capture=capture).update(
        state="right", person=city.people["admin"], answered=city.now, why="It is dangerous, all of it."
    )
    address = link(installed, capture)
    for headers in ({}, {**PERSON, "HTTP_SEC_PURPOSE": "prefetch"}, {"HTTP_SEC_FETCH_MODE": "navigate"}):
        response = Client().get(address, **headers)
        assert "Do not go there" in words(response) and 'href="https://evil.example' not in response.content.decode()
    assert not Opening.objects.exists()
    for _ in range(2):
        Client().get(address, **PERSON)
    row = Opening.objects.get()
    assert (row.capture, row.index, row.host, row.told) == (capture, 0, "evil.example", False) and row.mailbox
    assert Client().post(address, follow=True).status_code == 200
    assert Opening.objects.get().told
    assert [one.pk for one in queries.openings([capture])] == [row.pk]


@pytest.mark.rule("P-16, P-31", "The record of a dangerous link's reader is deleted after ninety days.")
@pytest.mark.django_db
def test_who_opened_a_dangerous_link_is_forgotten_after_ninety_days(
    installed: Path, city: Town, capture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the worker's rounds; what is younger stays."""
    monkeypatch.setattr(processes, "connected", nullcontext)
    for days, host in ((91, "old.example"), (89, "new.example")):
        record_opening(capture, 0, "a@city.example", host, is_confirmed=False, now=city.now - timedelta(days=days))
    once(installed, "reports", now=epoch_ms(city.now))
    assert [row.host for row in Opening.objects.all()] == ["new.example"]


@pytest.mark.rule("P-31", "A security finding about one message of a campaign applies to the links of the others.")
@pytest.mark.django_db
def test_another_message_of_the_same_sender_with_the_same_place_is_dangerous_too(city: Town, capture: str) -> None:
    """What security found about one message of a wave holds for the links of the others."""
    other = Case.objects.create(
        capture=str(uuid.uuid4()),
        text="x" * 64,
        state="right",
        person=city.people["admin"],
        answered=city.now,
        made=city.now,
        why="y" * 20,
    )
    assert queries.known_of(capture, "evil.example") == KnownIncidents()
    Mark.objects.create(case=other, kind="link", value="evil.example somebody@else.example")
    assert queries.known_of(capture, "evil.example") == KnownIncidents(host=True)
    found = queries.record(capture)
    assert found is not None
    author = str(found.facts.get("from.address", "") or found.envelope.sender).lower()
    Mark.objects.create(case=other, kind="link", value=f"evil.example {author}")
    assert queries.known_of(capture, "evil.example") == KnownIncidents(case=True, host=True)
    assert queries.known_of(capture, "il.example") == KnownIncidents()


@pytest.mark.rule("P-31", "Links of removed copies lead nowhere, also in a copy in an inaccessible system.")
@pytest.mark.django_db
def test_the_links_of_what_was_taken_back_lead_nowhere_wherever_the_copy_lies(city: Town, capture: str) -> None:
    """In a system that we cannot ask the copy lies there still."""
    copy = Pulled.objects.create(pull=Pull.objects.get(), capture=capture, index=200, mailbox="a@city.example")
    for state in ("waits", "taken", "elsewhere", "gone", "back", "nothing"):
        Pulled.objects.filter(pk=copy.pk).update(state=state)
        assert queries.known_of(capture, "evil.example").case is (state in ("taken", "elsewhere", "gone")), state


@pytest.mark.django_db
def test_the_page_works_when_nothing_answers(installed: Path, capture: str) -> None:
    """A damaged book, and incidents that cannot be asked."""
    active_rules.active_path(installed).parent.mkdir(exist_ok=True)
    active_rules.active_path(installed).write_text("broken [")
    response = Client().get(link(installed, capture))
    assert response.status_code == 200 and "Not everything could be asked" in words(response)
    assert 'href="https://evil.example/login"' in response.content.decode()
