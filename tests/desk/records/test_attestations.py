"""Statements about personal accounts and devices: the desk asks, and the employee signs the text of the law or refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.law.pack import LawPack
from civicmail.city.notices.models import Notice
from civicmail.desk.records.actions import attestations, requests
from civicmail.desk.records.models import Attestation, Request, Search
from civicmail.desk.records.queries import home_tasks
from civicmail.desk.records.queries.affidavits import affidavit_of

pytestmark = pytest.mark.django_db
SEARCHED = "Text messages on my own telephone, and my account at webmail.example."


@pytest.fixture
def row(city: Any) -> Request:
    Attestation.objects.all().delete()
    return Request.objects.get(number=city.objects["records review"])


def ask(row: Request, city: Any, act: Any, key: str = "crew0") -> Attestation:
    return attestations.ask(row, city.people[key], actor=act("recorder"), now=epoch_ms(city.now))


def text(response: Any) -> str:
    assert response.status_code in (200, 409, 422), (response.status_code, response.content[:500])
    return " ".join(response.content.decode().split())


@pytest.mark.rule("P-21", "An employee states what is in personal accounts and on devices, and the affidavit has the answer.")
def test_r11_an_employee_signs_the_statement_of_the_law(city: Any, row: Request, act: Any, visit: Callable[[str], Client]) -> None:
    officer, crew = visit("recorder"), visit("crew0")
    base = f"/records/requests/{row.number}/search/"
    assert "Ask somebody for a statement" in text(officer.get(base))
    assert officer.post(f"{base}statements/new/", {"person": "p-crew0"}).status_code == 302
    asked = Attestation.objects.get(request=row)
    assert Notice.objects.filter(key=f"attestation:{asked.pk}").exists()
    assert "Sign a statement about your own accounts" in text(crew.get("/"))
    page = text(crew.get(f"/my/statements/{asked.pk}/"))
    assert "searched my personal accounts and devices" in page
    assert "Mail about lead lines." in page, "they read what is searched for"
    wrong = crew.post(f"/my/statements/{asked.pk}/", {"outcome": "nothing", "text": "short"})
    assert wrong.status_code == 422
    done = crew.post(f"/my/statements/{asked.pk}/", {"outcome": "handed-over", "text": SEARCHED})
    assert done.status_code == 302, text(done)
    asked.refresh_from_db()
    assert (asked.state, asked.has_records) == ("signed", True)
    assert SEARCHED in asked.answer and "gave them to the custodian" in asked.answer and str(city.people["crew0"]) in asked.answer
    assert crew.get(f"/my/statements/{asked.pk}/").status_code == 404, "it is answered once"
    assert SEARCHED in text(officer.get(base))
    search = Search.objects.filter(scope__request=row, state="ready").get()
    assert affidavit_of(search)["attestations"] == [{"person": str(city.people["crew0"]), "answer": "records were handed over"}]
    paper = officer.get(f"{base}{search.pk}/affidavit.txt").content.decode()
    assert f"Personal accounts and devices of {city.people['crew0']}: records were handed over" in paper
    acts = Entry.objects.filter(act__contains="attest").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["records.attestation-asked", "records.attested"]


@pytest.mark.parametrize(("outcome", "state", "has_records"), [("nothing", "signed", False), ("refused", "refused", None)])
def test_r11_nothing_and_refusal_are_answers_too(
    city: Any, row: Request, act: Any, outcome: str, state: str, has_records: bool | None
) -> None:
    asked = ask(row, city, act)
    done = attestations.answer(asked, outcome, SEARCHED, actor=act("crew0"), now=epoch_ms(city.now))
    assert (done.state, done.has_records, SEARCHED in done.answer) == (state, has_records, True)
    assert ("I found no such records." in done.answer) is (outcome == "nothing")
    with pytest.raises(Conflict):
        attestations.answer(done, outcome, SEARCHED, actor=act("crew0"), now=epoch_ms(city.now))


def test_r11_nobody_signs_for_somebody_else(city: Any, row: Request, act: Any, visit: Callable[[str], Client]) -> None:
    asked = ask(row, city, act)
    for key in ("crew1", "recorder", "attorney"):
        with pytest.raises(NotPermitted):
            attestations.answer(asked, "nothing", SEARCHED, actor=act(key), now=epoch_ms(city.now))
        assert visit(key).get(f"/my/statements/{asked.pk}/").status_code == 404
    assert not home_tasks.tasks(act("crew1"), epoch_ms(city.now))
    with pytest.raises(Unusable, match="asked already"):
        ask(row, city, act)
    with pytest.raises(NotPermitted):
        attestations.ask(row, city.people["crew1"], actor=act("attorney"), now=epoch_ms(city.now))


def test_r11_it_needs_a_scope_and_a_statement_of_the_law(city: Any, row: Request, act: Any) -> None:
    other = Request.objects.get(number=city.objects["records new"])
    with pytest.raises(Conflict, match="Agree a scope first"):
        ask(other, city, act)


@pytest.mark.parametrize("law", ["federal"], indirect=True)
def test_r11_a_law_without_a_statement_asks_nobody(city: Any, row: Request, act: Any, law: LawPack) -> None:
    Request.objects.filter(pk=row.pk).update(law=law.name, law_version=law.version)
    row.refresh_from_db()
    with pytest.raises(Conflict, match="no statement to sign"):
        ask(row, city, act)
    assert not Attestation.objects.exists()


def test_r29_a_suit_freezes_statements(city: Any, row: Request, act: Any) -> None:
    asked = ask(row, city, act)
    requests.record_suit(row, actor=act("attorney"), reason="Petition for mandamus, 26-CV-119.", now=epoch_ms(city.now))
    row.refresh_from_db()
    with pytest.raises(Conflict, match="suit"):
        ask(row, city, act, "crew1")
    with pytest.raises(Conflict, match="suit"):
        attestations.answer(asked, "nothing", SEARCHED, actor=act("crew0"), now=epoch_ms(city.now))
