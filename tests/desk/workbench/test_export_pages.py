"""Exports on the pages of a mandate: ordered, made by the worker, fetched, checked, stopped, removed (P-21; E3, E6)."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from civicmail.city.guard import models as guard
from civicmail.city.guard.actions import entries as access_entries
from civicmail.core.config.clock import now_ms
from civicmail.desk.workbench import export_run, tasks
from civicmail.desk.workbench.models import Export
from civicmail.desk.workbench.tasks import Exporting
from desk.workbench.looking import Visit, entries, text
from desk.workbench.test_export import check
from pages.world import Town, carry

pytestmark = pytest.mark.django_db


def made(installed: Path, *, rounds: int = 20) -> None:
    """The worker, and the ledger beside it."""
    from civicmail.core.ledger.sequencer import Sequencer

    with closing(Exporting(installed, now_ms)) as exporting:
        for _ in range(rounds):
            if exporting.step():
                continue
            if not Export.objects.filter(state__in=("waiting", "reading", "proving")).exists():
                return
            with Sequencer(installed) as ledger:
                ledger.integrate(now_ms())
                ledger.checkpoint(now_ms())


@pytest.mark.rule("P-21, P-16", "The file of an export is removed when its examination ends.")
def test_an_export_is_ordered_made_fetched_verified_and_removed(city: Town, visit: Visit, installed: Path, tmp_path: Path) -> None:
    """A job with a page."""
    client = visit("recorder")
    assert "Export 5 messages" in text(client.get("/mandates/26-001/exports/?q=kestrel"))
    ordered = client.post("/mandates/26-001/exports/", {"q": "kestrel"})
    assert ordered.status_code == 302
    assert "Queued" in text(client.get(ordered["Location"]))
    carry(city.now)
    made(installed)
    row = Export.objects.latest("id")
    assert (row.state, row.done, row.failed, row.found) == ("ready", 5, 0, 5), row.why
    page = text(client.get(ordered["Location"]))
    assert row.manifest in page and "5</strong> messages of 5 found" in page
    path = tasks.folder(installed, row) / export_run.FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    file = client.post(f"{ordered['Location']}file/")
    assert file["Content-Type"] == "application/zip"
    got = tmp_path / "got.zip"
    got.write_bytes(b"".join(file))
    code, said = check(got, "--key", installed / "keys" / "ledger.pub", "--manifest", row.manifest)
    assert code == 0, said
    acts = [e.act for e in entries("26-001", "")]
    assert acts.count("content.export") == 3, "ordered, begun, fetched"
    assert "export.made" in acts
    assert client.get(f"{ordered['Location']}file/").status_code == 405, "fetching is a post"
    guard.Mandate.objects.filter(number="26-001").update(state="ended")
    assert tasks.sweep(installed, now_ms()) >= 1
    row.refresh_from_db()
    assert (row.state, path.exists()) == ("gone", False)


def test_an_export_stops_with_its_mandate_and_goes_on_only_by_who_asked(city: Town, visit: Visit, installed: Path) -> None:
    """In the middle, too."""
    client = visit("recorder")
    where = client.post("/mandates/26-001/exports/", {"q": ""})["Location"]
    carry(city.now)
    exporting = Exporting(installed, now_ms)
    guard.Mandate.objects.filter(number="26-001").update(state="ended")
    exporting.step()
    exporting.close()
    row = Export.objects.latest("id")
    assert (row.state, row.why) == ("stopped", "Mandate 26-001 is not in force.")
    guard.Mandate.objects.filter(number="26-001").update(state="open")
    assert client.post(f"{where}go-on/").status_code == 302
    carry(city.now)
    made(installed)
    row.refresh_from_db()
    assert row.state == "ready", row.why
    assert client.post(f"{where}stop/").status_code == 409, "it is ready by now"


@pytest.mark.rule("P-16, promise 4, E3", "An export in progress reads nothing more after the end of its examination.")
def test_an_export_under_way_reads_nothing_after_the_end_of_its_mandate(
    city: Town, visit: Visit, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "PIECE", 0)
    monkeypatch.setattr("civicmail.desk.workbench.batch_read.BATCH_SIZE", 1)
    visit("recorder").post("/mandates/26-001/exports/", {"q": ""})
    with closing(Exporting(installed, now_ms)) as exporting:
        assert exporting.step()
        row = Export.objects.latest("id")
        assert (row.state, row.done) == ("reading", 1)
        guard.Mandate.objects.filter(number="26-001").update(state="ended")
        exporting.step()
        assert not exporting.step()
    row.refresh_from_db()
    assert row.state == "stopped"
    assert row.done < 5


def test_a_file_that_was_made_before_a_change_of_the_mandate_is_not_handed_out(city: Town, visit: Visit, installed: Path) -> None:
    """E5: it may have what the mandate does not open any more."""
    row = Export.objects.get(pk=city.objects["export"])
    path = tasks.folder(installed, row) / export_run.FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(b"kestrel")
    where = f"/mandates/26-001/exports/{row.pk}/file/"
    assert b"".join(visit("recorder").post(where)) == b"kestrel"
    guard.Amendment.objects.filter(mandate=row.mandate).update(state="approved", decided=row.since + timedelta(seconds=1))
    late = visit("recorder").post(where)
    assert late.status_code == 409
    assert "Export again." in text(late)


def test_an_export_waits_while_nothing_can_be_recorded(
    city: Town, visit: Visit, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E6, of the worker: no failure, no entry, no byte."""
    visit("recorder").post("/mandates/26-001/exports/", {"q": ""})
    before = guard.Entry.objects.count()
    with monkeypatch.context() as lagging, closing(Exporting(installed, now_ms)) as exporting:
        lagging.setattr(access_entries, "lag_ms", lambda now: access_entries.MAX_LAG_MS + 1)
        assert not exporting.step()
    assert Export.objects.latest("id").state == "waiting"
    assert guard.Entry.objects.count() == before
    assert not (installed / "exports").exists()
    made(installed)
    assert Export.objects.latest("id").state == "ready"


def test_an_export_can_be_canceled(city: Town, visit: Visit, installed: Path) -> None:
    client = visit("recorder")
    where = client.post("/mandates/26-001/exports/", {"q": ""})["Location"]
    assert client.post(f"{where}stop/").status_code == 302
    assert "Stopped" in text(client.get(where))
    assert not Exporting(installed, now_ms).step(), "nobody makes it"


@pytest.mark.rule("P-16, P-21", "What a search finds, or what was ticked of it, is exported where it is listed.")
def test_an_export_is_ordered_from_the_search_and_from_a_message(city: Town, visit: Visit, installed: Path) -> None:
    """All that match, those that were ticked, or the message that is open; nothing ticked orders nothing."""
    client, id_ = visit("recorder"), city.objects["mail delivered"]
    page = text(client.get("/mandates/26-001/search/?q=kestrel"))
    assert "Export all 5" in page and f'value="{id_}"' in page and f"messages/{id_}/?q=kestrel" in page
    opened = text(client.get(f"/mandates/26-001/messages/{id_}/?q=kestrel"))
    assert "Export this message" in opened and "/mandates/26-001/search/?q=kestrel" in opened
    assert "Export all in scope" in text(client.get(f"/mandates/26-001/messages/{id_}/"))
    before = Export.objects.count()
    nothing = client.post("/mandates/26-001/exports/", {"q": "kestrel", "chosen": "yes"})
    assert nothing.status_code == 422 and "No message was chosen." in text(nothing) and Export.objects.count() == before
    ordered = client.post("/mandates/26-001/exports/", {"q": "kestrel", "chosen": "yes", "id": [id_]})
    assert ordered.status_code == 302
    carry(city.now)
    made(installed)
    row = Export.objects.latest("id")
    assert (row.query, row.state, row.done) == (f"id:{id_}", "ready", 1)
    page = text(client.get("/mandates/26-001/exports/"))
    assert "1 chosen message" in page and f"id:{id_}" not in page
