"""Permission sweep of the API: every operation, as every role and as nobody, answers as its page does (P-16, P-17).

The list is api.toml; whoever sees the page of an operation in matrix.toml may do it, and nobody else. An operation without a line
fails the sweep. Acts and pages without an operation are named here, each with the reason why.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from django.urls import resolve
from django.utils import timezone
from ninja import Schema

from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.identity.actions import tokens
from civicmail.city.identity.token_scopes import SCOPES
from civicmail.front.web.api import authentication
from civicmail.front.web.api.document import API, OPERATIONS
from house.sources import ROOT
from pages.programs import asking
from pages.test_sweep import EXCLUDED, PAGES, PEOPLE, allowed, once, path_of
from pages.world import Town, carry

LINES: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "api.toml").read_text())["operation"]


def may(name: str) -> set[str]:
    """Who may, by the page of the operation or by its own line."""
    return allowed(LINES[name] if "yes" in LINES[name] else PAGES[OPERATIONS[name].page])


def test_every_operation_is_in_the_list_and_has_the_act_of_its_page() -> None:
    assert LINES.keys() == OPERATIONS.keys()
    for name, o in OPERATIONS.items():
        assert o.page in PAGES or (o.page in EXCLUDED and "yes" in LINES[name]), name
        assert (o.method == "GET") == o.scope.startswith("read:"), name


def test_who_sees_the_page_may_do_the_operation_and_nobody_else(city: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly the people of the page's list; who may not hears 403, or 404 where the thing is not theirs to know."""
    for module, name in (
        (authentication, "actor_of"),
        (tokens, "program_by"),
    ):  # nothing here changes what somebody may, or ends a token
        monkeypatch.setattr(module, name, once(getattr(module, name), {}))
    paths, wrong = {name: path_of(line, city) for name, line in LINES.items()}, []
    for who in PEOPLE:
        carry(timezone.now())  # a busy machine may take more than the minute by which the ledger may be behind
        ask = asking(city.people[who])
        for name, line in LINES.items():
            o = OPERATIONS[name]
            answer = ask(o.method, paths[name], line.get("body"))
            no = line.get("no", PAGES.get(o.page, {}).get("no", 403))
            good = {200, 201, 409, 422} if who in may(name) else {403, *(no if isinstance(no, list) else [no])}
            if answer.status_code not in good:
                wrong.append(f"{who}, {name}: {answer.status_code}, not {sorted(good)}: {answer.content[:200]!r}")
            if answer.status_code >= 400 and answer.headers["Content-Type"] != "application/problem+json":
                wrong.append(f"{who}, {name}: {answer.headers['Content-Type']}")
    assert wrong == []


def test_nobody_without_a_token_hears_anything_but_that_one_is_needed(city: Town) -> None:
    """Also with a session: no page of somebody else's makes a browser ask."""
    ask = asking()
    for name, line in LINES.items():
        answer = ask(OPERATIONS[name].method, path_of(line, city), line.get("body"))
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="civicmail"'), name


def test_a_token_opens_what_its_scopes_name_and_nothing_else(city: Town) -> None:
    """Asked with every scope but the one that is needed, everything is refused, whatever the role."""
    for scope in SCOPES:
        ask = asking(city.people["office"], set(SCOPES) - {scope})
        for name, o in OPERATIONS.items():
            if o.scope == scope:
                answer = ask(o.method, path_of(LINES[name], city), LINES[name].get("body"))
                assert answer.status_code == 403 and scope in answer.headers["WWW-Authenticate"], name


WITHOUT: dict[str, str] = {
    "my.devices": "passwords and tokens are made by a person, who shows that it is them",
    "my.sessions": "sessions of a browser",
    "duty.take-up": "needs a fresh proof of who one is, which a token is not",
    "people.find": "names in the forms of pages; programs read the people of departments",
    "my.views": "views of lists, which only pages have",
    "account.invite": "a link that a person hands over, after having seen whom",
    "account.recover": "a link that a person hands over, after having seen whom",
    "account.hand-over": "the second half of a letter, by a person who has seen whom",
    "content.print": "a print is of a page",
    "content.reveal": "one message on a technical page, after a warning",
    "law.adopt": "no page has it: civicmail law",
    "retention.promote": "no page has it: civicmail archive",
    "setup.see": "a page for people who set up; programs ask health, which says what is not set up",
    "matrix.see": "a table of the program, which the page explains; its rule is read by read_rule",
    "dns.reports": "no page has it: civicmail dns reports",
    "spam.teach": "no page has it: civicmail learn",
    "mail.import": "no page has it: civicmail import",
    "keys.rotate": "no page has it: civicmail keys",
    "keys.sign": "no page has it: civicmail dkim",
    "department.mode": "no page has it: civicmail department mode",
    "left.forward": "asked for inside leaver.answer, where mail goes on to another mailbox",
    **dict.fromkeys(("feed.key", "feed.map", "feed.pull", "feed.take"), "the personnel system has its own way in: /scim/v2/"),
    "request.decide-higher": "asked for inside request.decide, after a violation",
}
"""Acts of the guard's table that no operation asks for -> why."""

WITHIN: dict[str, str] = {
    **dict.fromkeys(("release.answer", "release.agree", "release.second", "release.confidential"), "answer_release"),
}
"""Acts that an operation asks for by what it is about -> which one."""


@pytest.mark.rule("P-16", "Every act of the guard has an operation, or a reason why it has none.")
def test_every_act_has_an_operation_or_a_reason_why_not() -> None:
    """Pages and API say the same, and where they do not somebody has decided so."""
    has = {o.act for o in OPERATIONS.values()} | WITHIN.keys()
    assert WITHIN.keys() <= PERMISSIONS.keys() and set(WITHIN.values()) <= OPERATIONS.keys()
    assert PERMISSIONS.keys() - has <= WITHOUT.keys(), "write an operation for it, or a line here that says why there is none"
    assert has & WITHOUT.keys() == set() and WITHOUT.keys() <= PERMISSIONS.keys()
    assert all(len(reason) > 15 for reason in WITHOUT.values())


PLAIN: dict[str, str] = {
    **dict.fromkeys(
        ("device-add", "device-end", "device-lost", "my-devices", "set-up", "set-up-phone", "token-add", "token-end"),
        "passwords and tokens are made and ended by a person, who shows that it is them",
    ),
    "program-token-add": "no program makes itself a longer life",
    **dict.fromkeys(("duty-take-up", "duty-lay-down", "mandate-urgent"), "needs a fresh proof of who one is, which a token is not"),
    **dict.fromkeys(
        ("my-sessions", "views", "view-save", "view-delete", "letter-keys", "preferences"), "of the browser in which somebody works"
    ),
    **dict.fromkeys(
        ("invite", "recover", "letters", "letter", "machines", "machine-add"),
        "a secret that a person hands over, after having seen whom",
    ),
    **dict.fromkeys(("feed-keys", "feed-key-new", "feed-key-end"), "a secret of an identity provider, shown once"),
    **dict.fromkeys(("feed-map", "feed-maps", "feed-map-forget"), "a person looks at the columns of a file that nobody knows"),
    "reveal": "one message on a technical page, after a warning",
    **dict.fromkeys(
        ("mail-frame", "mandate-frame", "clearance-frame", "mail-look"), "a picture of a message for eyes; read_mail has its words"
    ),
    "clearance-part": "read_privileged_message has the names of files; the city attorney decides on a page",
    "states": "the schema has the words and meanings of each state",
    "approvals-together": "answer_approval, once for each",
    "requests-together": "decide_request, once for each",
    "mail-lines": "a part of a page, for script; list_mail has it",
    "mail-draft-people": "ticks in the address book; search_address_book and change_draft do it",
    "mail-away": "set_away, with the address of one's own mailbox",
    "rule-edit": "draft_rule makes the next version, too",
    "rule-version": "read_rule has all versions",
    "rules-offered": "texts of the program, which the page takes into the form of a rule",
    **dict.fromkeys(("fail-matrix", "fail-drill"), "a table of the program, which the page explains"),
    "queue-hop": "list_queue has what waits for each hop",
    **dict.fromkeys(("domains", "spam", "webhooks", "settings"), "of the machine: civicmail dns, learn, config say it"),
    **dict.fromkeys(("office", "first-steps"), "only leads to other pages"),
    "make-lists": "a button of the first steps; make_list makes any list",
    "identification": "explains settings of the machine: civicmail config says it",
    "api": "the page about this API",
    "people-complete": "names that complete a field of a form; programs give a number or an address",
    "search": "only leads on to the search of mail, people or an examination",
    "records-preview": "shows pictures of the pages that would leave; programs read what was released",
    "records-reply": "list_record_replies has what it shows",
    "records-letter": "list_record_letters has what it shows",
    "records-production": "list_record_productions has what it shows",
    "records-difference": "two texts side by side, for eyes",
    "records-detectors": "figures of the program's own tests",
    **dict.fromkeys(("records-notice", "records-request-notices"), "list_subject_notices has what they show"),
    **dict.fromkeys(("records-contest", "records-request-contests"), "list_record_contests has what they show"),
    **dict.fromkeys(
        ("retention-disposal", "retention-disposal-lines", "retention-disposal-certificate"),
        "list_disposals has its figures; civicmail disposal show has its list",
    ),
    "records-publication": "list_record_publications has what it shows",
    "records-format": "list_record_formats has what it shows, but for the address, which is for a person",
    "retention-due-file": "read_due_forecast has the same",
    "records-statistics-file": "read_record_statistics has the same",
}
"""Pages that no operation does -> why."""


@pytest.mark.rule("P-16", "A program can do what a page does, or an exception is decided with a reason.")
def test_every_page_has_an_operation_or_a_reason_why_not() -> None:
    """Whatever a person can do on a page a program can, or somebody has decided that it cannot, and says why."""
    has = {o.page for o in OPERATIONS.values()}
    assert PAGES.keys() - has == PLAIN.keys(), "write an operation for it, or a line here that says why there is none"
    assert all(len(reason) > 15 for reason in PLAIN.values())


def test_the_examples_of_the_documentation_ask_what_there_is() -> None:
    text = (ROOT / "docs" / "operate" / "api.md").read_text()
    paths = re.findall(r"\$A(/[^\s\"?]+)", text)
    for path in paths:
        resolve("/api/v1" + re.sub(r"\b(UID|ID)\b", "01a2150e-cece-7bb2-86d0-6e9539f71918", path))
    assert len(paths) > 25


@pytest.mark.rule("P-16", "Each shape of the document has a name of its own, so that a generator of clients sees all of them.")
def test_each_shape_of_the_document_has_a_name_of_its_own() -> None:
    """Of two shapes with one name a generator of clients would see the later one alone."""
    shapes: dict[str, set[type]] = {}
    waiting = [shape for o in OPERATIONS.values() for shape in o.shapes]
    while waiting:
        shape = waiting.pop()
        known = shapes.setdefault(shape.__name__, set())
        if shape not in known:
            known.add(shape)
            waiting += [inner for field in shape.model_fields.values() for inner in _inside(field.annotation)]
    assert {name: found for name, found in shapes.items() if len(found) > 1} == {} and len(shapes) > 200


def _inside(annotation: Any) -> list[type[Schema]]:
    if isinstance(annotation, type) and issubclass(annotation, Schema):
        return [annotation]
    return [shape for inner in get_args(annotation) for shape in _inside(inner)]


def test_the_document_names_every_operation_with_its_scope() -> None:
    schema = API.get_openapi_schema()
    named = {o["operationId"]: o["x-civicmail"]["scope"] for ways in schema["paths"].values() for o in ways.values()}
    assert named == {name: o.scope for name, o in OPERATIONS.items()}
