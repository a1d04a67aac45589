"""How short and how long an answer may be stands beside its field, before anybody makes a mistake (issue 17)."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import urlsplit

import pytest
from django import forms
from django.test import Client
from django.utils import timezone

from civicmail.front.web.templatetags.cm import lengths
from pages.test_sweep import PAGES, PEOPLE, allowed, path_of
from pages.world import Town, carry
from stories.pressing import Form, Forms, filled

pytestmark = pytest.mark.django_db
WORDS = ("textarea", "text")
LEAST = re.compile(r"at least (\d+) char|has (?:at least )?(\d+) characters \(it has", re.IGNORECASE)


LEAST_20, MOST_400 = "At least 20 characters.", "At most 400 characters."


@pytest.mark.parametrize(
    ("field", "kind", "hint", "said"),
    [
        (forms.CharField(min_length=20, max_length=4000), "textarea", "Who", f"{LEAST_20} Who. At most 4,000 characters."),
        (forms.CharField(min_length=20, max_length=400), "textarea", LEAST_20, f"{LEAST_20} {MOST_400}"),
        (forms.CharField(max_length=254), "input", "An address.", "An address."),
        (forms.CharField(max_length=60), "input", "", "At most 60 characters."),
        (forms.IntegerField(), "input", "A number.", "A number."),
    ],
)
def test_a_hint_says_how_long_an_answer_may_be(field: forms.Field, kind: str, hint: str, said: str) -> None:
    """Once, and only where somebody types."""
    assert lengths(field, kind, hint) == said


@pytest.mark.rule("promise 7", "The minimum length of an answer is shown beside its field before a mistake.")
@pytest.mark.timeout(600)
def test_nobody_learns_of_a_minimum_by_a_mistake(city: Town, visit: Callable[[str], Client]) -> None:
    """Each form is sent with answers that are too short; what is said about it then stood on the page before."""
    untold, asked = [], 0
    for name, page in PAGES.items():
        who = next(w for w in PEOPLE if w in allowed(page))
        client, path = visit(who), path_of(page, city)
        carry(timezone.now())
        response = client.get(path)
        if response.streaming or response.status_code != 200 or "html" not in response.headers.get("Content-Type", ""):
            continue
        before = response.content.decode()
        for form in Forms(before, path).found:
            if not any(f.kind in WORDS for f in form.fields) or urlsplit(form.action).path == "/i18n/":
                continue
            after = client.post(form.action, short(form))
            if after.status_code != 422:
                continue
            asked += 1
            missing = {n for groups in LEAST.findall(errors(after.content.decode())) for n in groups if n} - told(before)
            untold += [f"{name}: at least {n}" for n in sorted(missing)]
    assert untold == []
    assert asked > 40, "forms were sent"


def short(form: Form) -> dict[str, list[str]]:
    """Something in each field, and one letter where words are wanted."""
    said = {f.name: "x" for f in form.fields if f.kind in WORDS}
    sent: dict[str, list[str]] = {}
    for name, value in filled(form, said):
        sent.setdefault(name, []).append(value)
    return sent


def errors(page: str) -> str:
    return unescape(" ".join(re.findall(r'(?s)usa-error-message"[^>]*>(.*?)</div>', page)))


def told(page: str) -> set[str]:
    """Numbers that hints name."""
    return set(re.findall(r"\d+", " ".join(re.findall(r'(?s)class="usa-hint"[^>]*>(.*?)</div>', page))))
