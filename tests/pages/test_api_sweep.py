"""Permission sweep of the API: every operation, as every duty and as nobody, answers as its page does (P-16, P-17; R-500).

The list is api.toml; whoever sees the page of an operation in matrix.toml may do it, and nobody else. An operation without a line
fails the sweep. Pages without an operation are named here, each with the reason why.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.access.actors import Actor
from civicmail.city.access.acts import ACTS
from civicmail.city.access.models import Account
from civicmail.city.access.queries.actors import actor_of
from civicmail.city.access.scopes import SCOPES
from civicmail.front.web.api import door
from civicmail.front.web.api.document import API, OPERATIONS
from pages.programs import asking
from pages.test_sweep import PAGES, PEOPLE, allowed, path_of
from pages.world import Town

LINES: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "api.toml").read_text())["operation"]


def may(name: str) -> set[str]:
    """Who may, by the page of the operation or by its own line."""
    return allowed(LINES[name] if "yes" in LINES[name] else PAGES[OPERATIONS[name].page])


def test_every_operation_is_in_the_list_and_has_the_act_of_its_page() -> None:
    assert LINES.keys() == OPERATIONS.keys()
    for name, o in OPERATIONS.items():
        assert o.page in PAGES, name
        assert (o.method == "GET") == o.scope.startswith("read:"), name


def test_who_sees_the_page_may_do_the_operation_and_nobody_else(city: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-500: exactly the people of the page's list; who may not hears 403, or 404 where the thing is not theirs to know."""
    monkeypatch.setattr(door, "actor_of", _remembered())
    paths, wrong = {name: path_of(line, city) for name, line in LINES.items()}, []
    for who in PEOPLE:
        ask = asking(city.people[who])
        for name, line in LINES.items():
            o = OPERATIONS[name]
            answer = ask(o.method, paths[name], line.get("body"))
            no = line.get("no", PAGES[o.page].get("no", 403))
            good = {200, 201, 409, 422} if who in may(name) else {403, *(no if isinstance(no, list) else [no])}
            if answer.status_code not in good:
                wrong.append(f"{who}, {name}: {answer.status_code}, not {sorted(good)}: {answer.content[:200]!r}")
            if answer.status_code >= 400 and answer.headers["Content-Type"] != "application/problem+json":
                wrong.append(f"{who}, {name}: {answer.headers['Content-Type']}")
    assert wrong == []


def _remembered() -> Callable[[Account, str, int], Actor]:
    """The actor of each account, made once: nothing that is asked here changes what somebody may, and 2,000 requests are many."""
    known: dict[int, Actor] = {}

    def actor(account: Account, client: str, now: int) -> Actor:
        if account.pk not in known:
            known[account.pk] = actor_of(account, client, now)
        return known[account.pk]

    return actor


def test_nobody_without_a_token_hears_anything_but_that_one_is_needed(city: Town) -> None:
    """R-500: also with a session: no page of somebody else's makes a browser ask."""
    ask = asking()
    for name, line in LINES.items():
        answer = ask(OPERATIONS[name].method, path_of(line, city), line.get("body"))
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="civicmail"'), name


def test_a_token_opens_what_its_scopes_name_and_nothing_else(city: Town) -> None:
    """R-501: asked with every scope but the one that is needed, everything is refused, whatever the duty."""
    for scope in SCOPES:
        ask = asking(city.people["office"], set(SCOPES) - {scope})
        for name, o in OPERATIONS.items():
            if o.scope == scope:
                answer = ask(o.method, path_of(LINES[name], city), LINES[name].get("body"))
                assert answer.status_code == 403 and scope in answer.headers["WWW-Authenticate"], name


WITHOUT: dict[str, str] = {
    "plain.see": "a list with people's reasons, for one office on a page",
    "my.devices": "passwords and tokens are made by a person, who shows that it is them",
    "my.sessions": "sessions of a browser",
    "duty.take-up": "needs a fresh proof of who one is, which a token is not",
    "my.sponsored": "a few people, on a page for one's own",
    "my.views": "views of lists, which only pages have",
    "account.invite": "a link that a person hands over, after having seen whom",
    "account.recover": "a link that a person hands over, after having seen whom",
    "roster.authorise": "many at once, of a list that somebody has looked through",
    "profile.write": "written for the page of a first roster",
    "personal-use.set": "a head says so once a year",
    "feed.run": "the personnel system has its own way in; civicmail people sync",
    "feed.apply": "somebody has looked at who would be ended",
    "mandate.ratify": "who looked at once is judged by a person who reads the case",
    "protection.see": "read once a year, and secret to most",
    "mandate.protect": "named once a year",
    "content.print": "a print is of a page",
    "content.export": "an export is prepared for hours and fetched by a person",
    "content.hold": "placed by a person who has seen what it keeps",
    "content.reveal": "one message on a technical page, after a warning",
    "content.accident": "said by whoever saw it, on the page where they saw it",
    "retention.hold": "no page has it: civicmail hold",
    "retention.see": "no page has it: civicmail hold, archive",
    "retention.schedule": "no page has it: civicmail archive",
    "retention.promote": "no page has it: civicmail archive",
    "retention.dispose": "no page has it: civicmail dispose",
    "viewings.see": "a sample that an auditor looks through, week by week",
    "viewings.mark": "a sample that an auditor looks through, week by week",
    "rule.write": "written, tried and proposed with the differences in sight",
    "rule.decide": "decided with the differences in sight",
    "rule.replay": "ordered and read on the page of a rule",
    "emergency.make": "made after a count of what it would stop",
    "emergency.decide": "decided with what it has stopped in sight",
    "matrix.see": "part of the rule book as pages show it",
    "contests.see": "read and answered by a person, word for word",
    "contest.answer": "read and answered by a person, word for word",
    **dict.fromkeys(
        ("releases.see", "release.answer", "release.agree", "release.second", "release.confidential"),
        "decided by a person who has read why somebody wants it",
    ),
    "mailbox.invite": "said once a year, by the department that owns the mailbox",
    "sender.verify": "asked by the person who has the message before them",
    **dict.fromkeys(
        ("containment.see", "containment.lock", "containment.release"), "decided by a person who has spoken to the owner"
    ),
    **dict.fromkeys(
        ("approvals.see", "approval.answer", "approval.look", "approval.sample"), "answered by a person who has the files in sight"
    ),
    **dict.fromkeys(("my.approvals", "approval.withdraw"), "of one's own files, on the page that says how they stand"),
    **dict.fromkeys(("approval.standing", "approval.switch", "approval.agree"), "given once, by a person who says why in writing"),
    **dict.fromkeys(
        ("reports.see", "report.read", "report.answer", "pull.ask", "pull.second", "pull.undo"),
        "decided by a person who has seen who has it",
    ),
    "finding.answer": "two people look, without a name; a program would know whose it is",
    "finding.second": "two people look, without a name; a program would know whose it is",
    "finding.hand-over": "two people look, without a name; a program would know whose it is",
    "dns.reports": "no page has it: civicmail dns reports",
    "spam.teach": "no page has it: civicmail learn",
    "mail.import": "no page has it: civicmail import",
    "keys.rotate": "no page has it: civicmail keys",
    "keys.sign": "no page has it: civicmail dkim",
    "department.mode": "no page has it: civicmail department mode",
    **dict.fromkeys(
        (
            "violation.hear",
            "violation.name",
            "violation.find",
            "violation.decide",
            "violation.second",
            "violation.reverse",
            "bar.end",
            "bar.ask-end",
        ),
        "about a person, with a procedure that people keep",
    ),
    **dict.fromkeys(
        ("reviews.see", "review.delegate", "review.run"), "planned and begun by the access office, with numbers in sight"
    ),
    **dict.fromkeys(("account.close", "left.forward"), "decided by a person who has seen the count"),
    **dict.fromkeys(
        ("outside.change", "outside.confirm", "outside.give", "outside.see", "outside.of-person"),
        "a door of others says so by its signed webhook",
    ),
    **dict.fromkeys(("feed.key", "feed.map", "feed.pull", "feed.take"), "the personnel system has its own way in: /scim/v2/"),
    **dict.fromkeys(("undertaking.give", "undertaking.record"), "signed by somebody who has the right to"),
    **dict.fromkeys(("reply.set", "reply.end"), "said before a holiday, and seen as others will see it"),
    "request.decide-higher": "after a violation a person decides who has read it",
}
"""Acts of the guard's table that no operation asks for -> why."""


def test_every_act_has_an_operation_or_a_reason_why_not() -> None:
    """R-502: pages and API say the same, and where they do not somebody has decided so."""
    has = {o.act for o in OPERATIONS.values()}
    assert ACTS.keys() - has <= WITHOUT.keys(), "write an operation for it, or a line here that says why there is none"
    assert has & WITHOUT.keys() == set()
    assert all(len(reason) > 15 for reason in WITHOUT.values())


def test_the_document_names_every_operation_with_its_scope() -> None:
    schema = API.get_openapi_schema()
    named = {o["operationId"]: o["x-civicmail"]["scope"] for ways in schema["paths"].values() for o in ways.values()}
    assert named == {name: o.scope for name, o in OPERATIONS.items()}
