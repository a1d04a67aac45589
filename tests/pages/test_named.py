"""Pages say by name who did something (pages: people see names, never a key of a row)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from civicmail.city.pages import display_names
from pages.world import Town


@pytest.mark.rule("P-16", "Lists show the actor's name; evidence has the number beside it.")
@pytest.mark.django_db
@pytest.mark.usefixtures("city")
def test_lists_name_people_and_evidence_keeps_the_number_beside_it(visit: Callable[[str], Client]) -> None:
    assert "Dana Ortiz (p-crew0)" in visit("auditor").get("/oversight/audit/?q=p-crew0").content.decode()
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
