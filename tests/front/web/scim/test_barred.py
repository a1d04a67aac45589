"""An identity provider brings somebody who is barred under another number: the access office hears of it at once (P-30)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from city.identity import staff
from city.identity.staff import MS, NOW
from civicmail.city.directory.models import Department, Person
from civicmail.city.identity.actions import barring
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.notices.models import Notice
from front.web.scim.conftest import OFFICER, Provider

User = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.django_db


def test_a_barred_person_with_a_new_number_and_their_old_sign_in_name_is_told(
    crowd: Department, provider: Provider, user: User
) -> None:
    """What the provider called them before its own change counts."""
    one = staff.worker("one", crowd, staff.person("head"))
    held = {"starts": NOW - timedelta(days=1), "until": NOW + timedelta(days=90), "by": "head", "reason": "office"}
    RoleAssignment.objects.create(person=one, role="access-officer", **held)
    status, said = provider.ask("POST", "/Users", {**user("e-7"), "userName": "seven@login.example"})
    assert status == 201, said
    status, answer = provider.ask("PUT", f"/Users/{said['id']}", {**user("e-7"), "userName": "other@login.example"})
    assert status == 200, answer
    with transaction.atomic():
        barring.impose(
            Person.objects.get(uid="e-7"), "permanent", until=None, origin="", reason="A third time.", first=one,
            second=staff.person("two"), actor=OFFICER, now=MS,
        )  # fmt: skip
    assert provider.ask("POST", "/Users", {**user("x-1"), "userName": "seven@login.example"})[0] == 201
    (told,) = Notice.objects.filter(key__startswith="barred-like:", key__contains=":match:")
    assert "(x-1)" in told.text and "(e-7)" in told.text and "the same address elsewhere" in told.text
