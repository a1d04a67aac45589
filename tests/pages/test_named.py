"""Pages say by name who did something (pages: people see names, never a key of a row)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from civicmail.city.pages import display_names
from pages.world import Town


@pytest.mark.rule("P-16", "Lists show the actor's name; an audit entry and the file of the audit log have the number beside it.")
@pytest.mark.django_db
@pytest.mark.usefixtures("city")
def test_lists_name_people_and_evidence_keeps_the_number_beside_it(visit: Callable[[str], Client]) -> None:
    auditor, path = visit("auditor"), "/oversight/audit/?q=p-crew0"
    page = auditor.get(path).content.decode()
    assert 'data-label="by">Dana Ortiz<' in page and "Dana Ortiz (p-crew0)" not in page
    assert "Dana Ortiz (p-crew0)" in b"".join(auditor.get(f"{path}&format=csv").streaming_content).decode()
    entry = re.search(r'href="(/oversight/audit/\d+/)"', page)
    assert entry is not None and "Dana Ortiz (p-crew0)" in auditor.get(entry[1]).content.decode()
    roles = visit("office").get("/access/duties/").content.decode()
    assert 'data-label="by">Maya Lund<' in roles and 'data-label="by">p-office' not in roles


@pytest.mark.django_db
def test_parts_of_the_program_and_commands_are_told_in_words(city: Town) -> None:
    assert display_names.name_of_uid("p-crew0") == "Dana Ortiz"
    assert display_names.name_of_uid("tick") == "the program" and display_names.name_of_uid("os:root") == "root, by a command"
    assert display_names.name_and_uid("p-gone", None) == "p-gone"
    assert (
        display_names.names_by_uid({"p-crew0", "p-gone"}) == {"p-crew0": "Dana Ortiz"}
        and city.people["crew0"].display == "Dana Ortiz"
    )
