"""Legal holds on pages: all grounds in one list, a count before one is placed, and what becomes due when one ends (P-20, P-23)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Entry
from civicmail.city.pages.records import Records
from civicmail.desk.retention import hold_counts
from civicmail.desk.viewer.queries import installation
from civicmail.mail.archive import classes, holds
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
WHY = "Suit 26-CV-9 about the culvert at Mill Road."


def text(response: Any) -> str:
    assert response.status_code in (200, 409, 422), (response.status_code, response.content[:500])
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.mark.rule("P-20", "Legal holds of every ground are in one list, those that have ended included.")
def test_holds_of_every_ground_are_in_one_list(city: Town, visit: Visit) -> None:
    client = visit("retention")
    page = text(client.get("/retention/holds/"))
    for words in (
        "Litigation",
        "Request for records",
        "Audit",
        "Claim",
        "kestrel",
        "Olaf Berg",
        "4 holds",
        "Messages counted not yet",
    ):
        assert words in page, words
    assert "1 of 4" in text(client.get("/retention/holds/?state=ended"))
    assert "1 of 4" in text(client.get("/retention/holds/?words=BURST&ground=litigation"))
    csv = b"".join(client.get("/retention/holds/?format=csv").streaming_content).decode()
    assert len(csv.strip().splitlines()) == 5


@pytest.mark.rule("P-20", "Who reads the list of legal holds does not learn of whom an examination is, or by whom.")
def test_holds_of_an_examination_name_nobody(city: Town, visit: Visit) -> None:
    """E1: its reader may be whom it is about."""
    hold_counts.step(installation(), epoch_ms(city.now))
    for path in ("/retention/holds/", f"/retention/holds/{city.objects['hold of an examination']}/"):
        page = text(visit("auditor").get(path))
        assert "an examination" in page and "26-014" not in page and "Case" not in page and "storm" not in page


@pytest.mark.rule("P-20", "The count of a legal hold is made by the worker, with the time of counting.")
def test_the_worker_counts_what_holds_cover(city: Town, visit: Visit) -> None:
    data, now = installation(), epoch_ms(city.now)
    assert hold_counts.step(data, now) == 3 and hold_counts.step(data, now + 1000) == 0
    assert hold_counts.step(data, now + hold_counts.MAX_AGE_MS) == 3
    page = text(visit("retention").get(f"/retention/holds/{city.objects['legal hold']}/"))
    assert re.search(r"Messages [1-9][\d,]* Counted", page), page


@pytest.mark.rule("P-20", "A legal hold is placed with its ground and reason, after a count that is an entry.")
def test_a_hold_is_counted_and_placed(city: Town, visit: Visit) -> None:
    client = visit("retention")
    assert Entry.objects.filter(act="retention.count").count() == 0
    assert "of the archive" in text(client.get("/retention/holds/place/?query=kestrel"))
    entry = Entry.objects.get(act="retention.count")
    assert (entry.person, entry.facts["query"]) == ("p-retention", "kestrel")
    assert "This cannot be held" in text(client.get("/retention/holds/place/?query=subject:("))
    assert "This cannot be held" in text(
        client.get("/retention/holds/place/?query=subject:(", headers={"HX-Request-Type": "partial"})
    )
    for wrong in ({"query": ""}, {"query": "subject:("}, {"ground": ""}, {"reason": "short"}):
        sent = {"query": "culvert", "ground": "litigation", "reason": WHY, **wrong}
        assert client.post("/retention/holds/place/", sent).status_code == 422, wrong
    before = len(holds.load(installation()))
    done = client.post("/retention/holds/place/", {"query": "culvert", "ground": "litigation", "reason": WHY})
    assert done.status_code == 302 and len(holds.load(installation())) == before + 1
    page = text(client.get(done.headers["Location"]))
    assert "culvert" in page and WHY in page and "Olaf Berg" in page
    entry = Entry.objects.filter(act="retention.hold").latest("pk")
    assert (entry.person, entry.reason, entry.facts["query"]) == ("p-retention", WHY, "culvert")
    assert entry.facts["hold"] in done.headers["Location"]


@pytest.mark.rule("P-20", "The page that ends a legal hold says first what the schedules would then decide about.")
def test_ending_a_hold_says_what_becomes_due(city: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    client, name = visit("retention"), city.objects["legal hold"]
    url = f"/retention/holds/{name}/end/"
    monkeypatch.setattr(classes, "load", lambda data: None)
    assert "No schedules are in force" in text(client.get(url))
    monkeypatch.undo()
    page = text(client.get(url))
    assert "under this hold and no other" in page and "Correspondence by e-mail" in page
    assert client.post(url, {"reason": "short"}).status_code == 422
    assert client.post(url, {"reason": WHY}).status_code == 302
    assert name not in {hold.id for hold in holds.load(installation())}
    page = text(client.get(f"/retention/holds/{name}/"))
    assert "Ended" in page and WHY in page
    again = client.post(url, {"reason": WHY})
    assert again.status_code == 409 and "somebody else has ended this hold" in text(again)


@pytest.mark.rule("P-21", "A hold that a request for records placed ends with that request, and not on the page of holds.")
def test_the_hold_of_a_request_ends_with_it(city: Town, visit: Visit) -> None:
    client, name = visit("recorder"), city.objects["hold of a request"]
    assert "End this hold" not in text(client.get(f"/retention/holds/{name}/"))
    refused = client.post(f"/retention/holds/{name}/end/", {"reason": WHY})
    assert refused.status_code == 422 and "ends with it" in text(refused)
    assert name in {hold.id for hold in holds.load(installation())}
    assert visit("auditor").post(f"/retention/holds/{city.objects['legal hold']}/end/", {"reason": WHY}).status_code == 403


@pytest.mark.rule("P-23", "Pages read holds from segments once, and still see each new hold.")
def test_pages_see_each_new_hold(city: Town, tmp_path: Path) -> None:
    data = installation()
    before = {record.hold.id for record in holds.history(data)}
    name = holds.place(data, ground="other", scope="mill", actor="x", reason=WHY, now=epoch_ms(city.now))
    assert {record.hold.id for record in holds.history(data)} - before == {name}


class _Row:
    def __init__(self, pk: str, at: int | None) -> None:
        self.pk, self.at = pk, at


def test_rows_in_memory_are_ordered_filtered_and_cut() -> None:
    rows = Records([_Row("a", 2), _Row("b", None), _Row("c", 5)])
    assert [row.pk for row in rows.order_by("-at", "pk")] == ["c", "a", "b"]
    assert [row.pk for row in rows.order_by("at")] == ["a", "c", "b"]
    assert [row.pk for row in rows.filter(pk__gt="a").filter(at=5)] == ["c"]
    assert rows.where(lambda row: row.at == 2).count() == 1 and rows[0].pk == "a" and len(rows[1:]) == 2
