"""On paper: whose page it is, where it is from, by which filters; nothing to press, nothing cut."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pypdfium2
import pytest
from django.test import Client

Visit = Callable[[str], Client]
_PRINTED = re.compile(r'<span class="cm-printed">(.*?)</span>', re.DOTALL)


def foot(client: Client, path: str) -> str:
    """What only paper has at the foot of a page."""
    found = _PRINTED.search(client.get(path).content.decode())
    assert found is not None
    return found[1]


@pytest.mark.rule(
    "P-16",
    "A printed page states its source with the filters of its list, the person who printed it, the role and the time.",
)
@pytest.mark.django_db
def test_paper_says_where_it_is_from_with_its_filters_for_whom_and_in_which_role(visit: Visit) -> None:
    said = foot(visit("operator"), "/system/queue/?sort=-oldest&hop=smtp")
    assert said.startswith("/system/queue/?sort=-oldest&amp;hop=smtp · ") and "System administrator until" in said
    assert "Dana Ortiz" in foot(visit("crew0"), "/mail/?q=budget")


@pytest.mark.rule("P-06", "No printed page has a URL that grants access to its holder.")
@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/report/abcdef123456/", "/digest/abcdef123456/", "/l/abcdef123456/"])
def test_no_paper_has_an_address_that_opens_something(visit: Visit, path: str) -> None:
    """Whoever finds the paper would get in."""
    for who in ("crew0", ""):
        assert "abcdef123456" not in foot(visit(who), path)


@pytest.mark.rule("P-16", "Printed times have the year and the zone, and are never relative.")
@pytest.mark.django_db
def test_paper_tells_when_without_today(visit: Visit) -> None:
    """Whoever reads it tomorrow knows the day, the year and the zone."""
    client = visit("crew0")
    assert re.fullmatch(r".*<time class=\"cm-mono\"[^>]*>\d{4}-\d\d-\d\dT[^<]*</time>", foot(client, "/mail/"), re.DOTALL)
    shown = re.findall(r'<time class="cm-when"[^>]* title="([^"]*)">', client.get("/mail/").content.decode())
    assert shown and all(re.fullmatch(r"\w{3} \d{1,2}, \d{4}, \d{1,2}:\d\d:\d\d [ap]\.m\. [A-Z]+", said) for said in shown)


def texts(page: Any) -> list[str]:
    """The text of each sheet, without its blanks."""
    document = pypdfium2.PdfDocument(page.pdf(format="Letter"))
    return ["".join(sheet.get_textpage().get_text_range().split()) for sheet in document]


def has(sheet: str, words: str) -> bool:
    return "".join(words.split()) in sheet


@pytest.mark.neighbour("chromium")
@pytest.mark.django_db(transaction=True)
def test_a_long_list_on_paper_has_its_heads_and_numbers_on_each_sheet_and_nothing_to_press(browse: Callable[..., Any]) -> None:
    page = browse("security", lambda town: f"/incidents/pulls/{town.objects['pull']}/?state=waits")
    sheets = texts(page)
    whole = "".join(sheets)
    assert len(sheets) >= 2
    for number, sheet in enumerate(sheets, 1):
        assert has(sheet, f"{number} / {len(sheets)}"), number
        assert has(sheet, "Mailbox State When") or "@city.example" not in sheet, number
    assert has(sheets[0], "Sample City · Civicmail") and has(sheets[0], "State: Removing") and has(sheets[-1], "?state=waits · ")
    for control in ("Apply", "Clear all", "Save this view", "Sign out", "Reported mail", "Remove 60 copies", "Do you agree?"):
        assert not has(whole, control), control
    assert whole.count("@city.example") == 50, "a page of the list, with no row cut off"


@pytest.mark.neighbour("chromium")
@pytest.mark.django_db(transaction=True)
def test_what_is_folded_on_the_screen_is_there_on_paper(browse: Callable[..., Any]) -> None:
    page = browse("head", lambda town: f"/dept/public-works/reviews/{town.objects['review']}/")
    hidden = "The access ends on another day."
    assert not page.get_by_text(hidden).is_visible()
    assert has("".join(texts(page)), hidden)
