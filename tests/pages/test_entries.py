"""The page of entries says which of them are not what the journals have (pages, "/oversight/audit/"; P-16, A3)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.guard import comparison_result
from civicmail.city.guard.comparison_result import Difference
from civicmail.city.guard.models import Entry
from pages.shots import shot

AUDIT = "/oversight/audit/"
GONE = "The entry 00ab (content.show by p-exa; record 7 of journal 0003) is not in the table any more: it was removed."


def marked(installed: Path) -> Entry:
    """The newest entry was changed, and another is gone."""
    row = Entry.objects.order_by("-id")[0]
    found = [Difference("removed", GONE, "00ab", 0, "0003", 7), Difference("altered", "It was changed.", row.uuid.hex, row.pk)]
    comparison_result.save(installed, 1_772_452_800_000, 12, found)
    return row


@pytest.mark.rule(
    "P-16, P-29, A3",
    "The page of entries marks those that differ from the journals, and lists missing ones, for auditors.",
)
@pytest.mark.django_db
def test_an_entry_that_is_not_what_the_journal_has_is_marked(visit: Callable[..., Any], installed: Path) -> None:
    """For whoever watches; the access office, which sees no looks, hears only how many there are."""
    auditor = visit("auditor")
    entry = marked(installed)
    page = auditor.get(AUDIT).content.decode()
    assert "2 differences between this list and the journals" in page and GONE in page
    assert page.count("not what the journal has") == 1
    assert "This is not what the journal has" in auditor.get(f"{AUDIT}{entry.pk}/").content.decode()
    office = visit("office").get(AUDIT).content.decode()
    assert "2 differences" in office and "content.show by p-exa" not in office
    comparison_result.save(installed, 1_772_452_800_000, 12, [])
    page = auditor.get(AUDIT).content.decode()
    assert "These entries are what the journals have" in page and "not what the journal has" not in page


@pytest.mark.neighbour("chromium")
@pytest.mark.django_db(transaction=True)
def test_it_fits_a_telephone(browse: Callable[..., Any], installed: Path) -> None:
    entry = marked(installed)
    for name, path in (("entries-marked", AUDIT), ("entry-marked", f"{AUDIT}{entry.pk}/")):
        page = browse("auditor", path)
        shot(page, name)
        page.set_viewport_size({"width": 320, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
