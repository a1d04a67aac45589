"""Whose mail is protected, as the access office sets it without a script (P-16, E3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from civicmail.city.guard.models import Entry, Protection
from pages.world import Town

pytestmark = pytest.mark.django_db
WHY = "The council named them at its last session."


def test_the_office_protects_names_and_takes_out(city: Town, visit: Callable[[str], Client]) -> None:
    """E3: a person or a department, not both; an approver is a person; nobody does it for themselves."""
    office = visit("office")
    form = {"kind": "personnel", "role": "member", "person": "p-crew1", "department": "", "reason": WHY}
    for wrong in (
        {"kind": ""},
        {"role": ""},
        {"person": "", "department": ""},
        {"department": "fire"},
        {"role": "approver", "person": "", "department": "fire"},
        {"person": "p-office", "reason": "short"},
    ):
        assert office.post("/access/protected/new/", form | wrong).status_code == 422, wrong
    assert office.post("/access/protected/new/", form | {"person": "p-office"}).status_code == 403
    assert office.post("/access/protected/new/", form).status_code == 302
    assert office.post("/access/protected/new/", form).status_code == 409, "once is enough"
    assert office.post("/access/protected/new/", form | {"role": "approver", "person": "p-deputy"}).status_code == 302
    page = office.get("/access/protected/").content.decode()
    assert "Lena Vogt" in page and page.count("Nobody decides, so nobody looks") == 3
    row = Protection.objects.get(person=city.people["crew1"])
    assert office.post(f"/access/protected/{row.pk}/end/", {"reason": "She has left human resources for good."}).status_code == 302
    assert "Lena Vogt is taken out." in office.get("/access/protected/").content.decode()
    assert "Lena Vogt" not in office.get("/access/protected/").content.decode()
    acts = list(Entry.objects.filter(object__startswith="protection:").order_by("id").values_list("act", flat=True))
    assert acts == ["mandate.protect", "mandate.protect", "mandate.unprotect"]
    assert "Take out" not in visit("auditor").get("/access/protected/").content.decode()
