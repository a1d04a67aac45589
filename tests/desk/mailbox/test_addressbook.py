"""What the address book says of whom (P-06, P-09; C5)."""

from __future__ import annotations

import pytest

from civicmail.desk.mailbox.models import addressbook
from pages.world import town

pytestmark = pytest.mark.django_db


@pytest.mark.rule("P-09, C5", "The address book names the agency of a person.")
def test_who_works_for_an_agency_is_seen_before_somebody_writes_to_them() -> None:
    """Kind and agency stand with the position, and nothing of the kind with the city's own people."""
    town()
    (pat,), (dana,) = addressbook.search("Pat Nguyen"), addressbook.search("Dana Ortiz")
    assert pat.more == "Crew Clerk (contractor – Northline)"
    assert dana.more == "Crew Clerk" and "Northline" not in pat.line
