"""Permission sweep: every address of the table of URLs, as every role and as nobody, against a list for people (P-16, P-17).

The list is matrix.toml. An address that is neither in it nor excluded there with a reason fails the sweep, so nobody forgets one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from civicmail.city.identity.queries import access_status
from civicmail.front.web import error_pages, middleware
from pages.leftovers import leftovers
from pages.world import Town, carry

MATRIX = tomllib.loads((Path(__file__).parent / "matrix.toml").read_text())
PAGES: dict[str, dict[str, Any]] = MATRIX["page"]
PEOPLE: dict[str, str] = MATRIX["people"]
EXCLUDED: dict[str, str] = MATRIX["excluded"]
OPERATIONS: dict[str, str] = MATRIX["operations"]


def names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for p in patterns:
        if isinstance(p, URLResolver):
            yield from [] if p.app_name == "ninja" else names(p.url_patterns)  # test_api_sweep.py
        else:
            assert p.name, f"{p.pattern} has no name"
            yield p.name


def test_every_address_is_in_the_list_or_excluded_with_a_reason() -> None:
    there = set(names(get_resolver().url_patterns))
    lists = [PAGES.keys(), EXCLUDED.keys(), OPERATIONS.keys()]
    assert there == set().union(*lists)
    assert sum(map(len, lists)) == len(there)
    assert all(len(reason) > 20 for reason in EXCLUDED.values())


def test_the_list_names_only_people_of_the_town() -> None:
    for name, page in PAGES.items():
        assert allowed(page) <= PEOPLE.keys(), name


def allowed(page: dict[str, Any]) -> set[str]:
    """Who sees a page: names, or "everybody", or "everybody but NAME"."""
    yes = page["yes"]
    if isinstance(yes, str):
        assert yes.startswith("everybody"), yes
        return set(PEOPLE) - set(yes.removeprefix("everybody").removeprefix(" but ").split())
    return set(yes)


def path_of(page: dict[str, Any], city: Town) -> str:
    """{crew3} is the id of that person's authorization, {use:examiner} the grant of that person, and so on."""
    path: str = page["path"]
    for key, a in city.authorizations.items():
        path = path.replace(f"{{{key}}}", str(a.pk))
    for key, person in city.people.items():
        if f"{{duty:{key}}}" in path:
            path = path.replace(f"{{duty:{key}}}", str(person.roles.get().pk))
        if f"{{account:{key}}}" in path:
            path = path.replace(f"{{account:{key}}}", str(person.account.pk))
    for key, pk in city.objects.items():
        path = path.replace(f"{{{key}}}", str(pk))
    return path


def asked(client: Client, page: dict[str, Any], path: str) -> list[str]:
    """The answers to GET and POST, as far as the page knows them: "yes", a status, or "policy first". The ledger has what was
    entered so far, as it has within a second."""
    carry(timezone.now())
    found = []
    if page.get("get", True):
        found.append(client.get(path))
    if page.get("post", False):
        found.append(client.post(path))
    return [said(r) for r in found]


@pytest.fixture
def city(whole_city: Town) -> Town:
    """With something in every state."""
    return whole_city


def said(response: Any) -> str:
    if left := leftovers(response):
        return f"what should not stand there, {left[:3]}"
    if response.status_code == 302 and response.headers["Location"].startswith("/acknowledge/"):
        return "policy first"
    return "yes" if response.status_code in (200, 302, 409, 422) else str(response.status_code)


def once(ask: Callable[..., Any], known: dict[Any, Any]) -> Callable[..., Any]:
    """What it says of its first argument, asked once until somebody empties `known`: thousands of requests are many."""

    def answer(about: Any, *rest: Any, **named: Any) -> Any:
        key = getattr(about, "pk", about)
        if key not in known:
            known[key] = ask(about, *rest, **named)
        return known[key]

    return answer


def once_of_a_person(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Before each request is looked up who somebody is and how they stand: now once for each person, until what is returned is
    called."""
    stands, actors = dict[Any, Any](), dict[Any, Any]()
    monkeypatch.setattr(middleware, "actor_of", once(middleware.actor_of, actors))
    monkeypatch.setattr(middleware, "access_status", SimpleNamespace(status_of=once(access_status.status_of, stands)))

    def forget() -> None:
        stands.clear()
        actors.clear()

    return forget


def once_each(page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The page of a refusal, made once for each status and sentence: most answers of the sweep are one of a few."""
    known = dict[Any, HttpResponse]()

    def answer(request: Any, *words: Any, **more: Any) -> HttpResponse:
        key = repr((words, sorted(more.items()), request.method == "GET", getattr(request, "bare", False)))
        first = known.get(key) or known.setdefault(key, page(request, *words, **more))
        return HttpResponse(first.content, status=first.status_code, headers=dict(first.headers))

    return answer


@pytest.mark.rule("P-16, P-17, D2", "A page is shown to its roles and to nobody else.")
@pytest.mark.parametrize("who", list(PEOPLE))
def test_who_may_sees_the_page_and_nobody_else(
    city: Town, visit: Callable[[str], Client], who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D2: exactly the people of the list; who may not hears 403, or 404 where even the thing is not theirs to know."""
    wrong, forget = [], once_of_a_person(monkeypatch)
    monkeypatch.setattr(error_pages, "error_page", once_each(error_pages.error_page))
    for name, page in PAGES.items():
        client, path = visit(who), path_of(page, city)
        statuses = asked(client, page, path)
        if page.get("post", False):
            forget()  # it may have changed what they may
        for status in statuses:
            no = page.get("no", 403)
            good = {"yes"} if who in allowed(page) else {*map(str, no if isinstance(no, list) else [no]), "policy first"}
            if status not in good:
                wrong.append(f"{name} {path}: {status}, not {' or '.join(good)}")
    assert wrong == []


@pytest.mark.rule("P-16, P-17", "Without a sign-in every page leads to it, but for those that are named.")
def test_nobody_gets_nowhere_but_to_the_sign_in(city: Town) -> None:
    """Without a sign-in every page leads to it, whatever it is, and says nothing else."""
    client = Client(raise_request_exception=False)
    for name, page in PAGES.items():
        path = path_of(page, city)
        for response in (client.get(path), client.post(path)):
            assert response.status_code == 302, name
            assert response.headers["Location"].startswith("/accounts/login/?next="), name


def test_operations_for_programs_are_nothing_to_people_whatever_their_role(city: Town, visit: Callable[[str], Client]) -> None:
    """A session opens none of them; only the key does, which no person has (tests/front/web/test_dovecot_auth.py)."""
    for who in ["", *PEOPLE]:
        for name, path in OPERATIONS.items():
            answer = visit(who).post(path, b'{"user": "dana.ortiz@city.example"}', content_type="application/json")
            assert (answer.status_code, answer.content) == (404, b""), (who, name)
