"""The pages of productions: order, follow, decide, release, and download through the gate alone."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.models import Entry
from civicmail.core.redaction.errors import NotReleasable
from civicmail.desk.records.actions import productions
from civicmail.desk.records.models import Production
from civicmail.desk.records.production import making
from civicmail.desk.records.queries.receipts import token_of
from civicmail.desk.records.worker_jobs import productions as worker
from desk.records.production_world import SECRET, Release
from desk.records.test_productions import QuietOcr

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(city: Any, installed: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    monkeypatch.setattr(worker, "find_tesseract", lambda _: QuietOcr("", "", finds_orientation=True))
    made = Release(city, installed)
    made.assign("attorney", "attorney")
    return made


def url(desk: Release, rest: str = "") -> str:
    return f"/records/requests/{desk.request.number}/productions/{rest}"


def text(response: Any) -> str:
    assert response.status_code in (200, 422), (response.status_code, response.content[:500])
    return " ".join(response.content.decode().split())


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def released(desk: Release) -> Production:
    return desk.release(desk.approve(desk.make(desk.order("eml"))))


def test_r26_an_officer_orders_and_releases_and_an_attorney_approves(desk: Release, visit: Callable[[str], Client]) -> None:
    officer, attorney = visit("recorder"), visit("attorney")
    assert "Order the production" in text(officer.get(url(desk, "new/")))
    ordered = officer.post(url(desk, "new/"), {"formats": ["eml"], "interim": ""})
    assert ordered.status_code == 302, text(ordered)
    row = Production.objects.get(request=desk.request)
    assert "Queued." in text(officer.get(url(desk, "1/"))) and row.formats == ["eml"]
    desk.make(row)
    assert "5 located = 1 released in full" in text(attorney.get(url(desk, "1/")))
    page = text(attorney.get(url(desk, "1/decide/")))
    assert row.refresh_from_db() is None and row.manifest in page
    wrong = attorney.post(url(desk, "1/decide/"), {"decision": "yes", "manifest": "0" * 64, "state": "asked"})
    assert wrong.status_code in (200, 409, 422) and Production.objects.get().state == "asked"
    given = {"decision": "yes", "manifest": row.manifest, "state": "asked"}
    assert attorney.post(url(desk, "1/decide/"), given).status_code == 302
    assert officer.post(url(desk, "1/release/"), {"state": "approved"}).status_code == 302
    page = text(officer.get(url(desk, "1/")))
    assert "Download the zip file" in page and "python verify.py" in page


def test_r27_the_whole_release_is_one_zip_that_verifies_itself(
    desk: Release, visit: Callable[[str], Client], tmp_path: Path
) -> None:
    released(desk)
    officer = visit("recorder")
    content = body(officer.get(url(desk, "1/package/")))
    assert content == body(officer.get(url(desk, "1/package/"))), "the same bytes each time"
    assert SECRET.encode() not in content
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        package.extractall(tmp_path / "out")
        assert f"pdf/{desk.request.number}-000001.pdf" in package.namelist()
    done = subprocess.run([sys.executable, "-I", tmp_path / "out" / "verify.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    fetched = Entry.objects.filter(act="records.fetched").latest("pk")
    assert fetched.facts["file"] == f"{desk.request.number}-1.zip"


def test_r27_one_file_is_downloaded_and_leaves_an_entry(desk: Release, visit: Callable[[str], Client]) -> None:
    row = released(desk)
    response = visit("recorder").get(url(desk, "1/files/index.csv"))
    assert response.content == desk.files(row)["index.csv"] and response["Content-Type"] == "text/csv"
    assert "attachment" in response["Content-Disposition"]
    assert visit("recorder").get(url(desk, "1/files/made.jsonl")).status_code == 404
    assert visit("recorder").get(url(desk, "1/files/..%2Fplan")).status_code == 404


def test_r22_a_file_that_was_changed_on_the_disk_does_not_leave(desk: Release, visit: Callable[[str], Client]) -> None:
    row = released(desk)
    (productions.folder(desk.data, row) / making.FILES / "index.csv").write_bytes(b"other")
    with pytest.raises(NotReleasable):
        body(visit("recorder").get(url(desk, "1/package/")))
    assert visit("recorder").get(url(desk, "1/files/index.csv")).status_code >= 400


@pytest.mark.parametrize("state", ["asked", "approved", "leaks", "stopped", "returned"])
def test_r22_nothing_is_downloaded_before_the_release(desk: Release, visit: Callable[[str], Client], state: str) -> None:
    row = desk.make(desk.order())
    Production.objects.filter(pk=row.pk).update(state=state)
    for rest in ("1/package/", "1/files/index.csv"):
        assert visit("recorder").get(url(desk, rest)).status_code == 404
    assert not Entry.objects.filter(act="records.fetched").exists()


def test_r27_a_requester_downloads_by_the_link_alone_and_nobody_is_named(desk: Release, visit: Callable[[str], Client]) -> None:
    row = released(desk)
    status = f"/public/records/status/{token_of(desk.request)}/"
    stranger = Client()
    page = text(stranger.get(status))
    assert "Records released to you" in page and row.files.get(name="manifest.json").sha256 in page
    content = body(stranger.get(f"{status}releases/1/package/"))
    assert content == body(visit("recorder").get(url(desk, "1/package/")))
    assert stranger.get(f"{status}releases/1/files/letter.txt").content == desk.files(row)["letter.txt"]
    entry = Entry.objects.filter(act="records.fetched", person="requester").latest("pk")
    assert entry.facts == {"production": 1, "file": "letter.txt"}


def test_r27_no_other_request_opens_it(desk: Release) -> None:
    released(desk)
    other = token_of(desk.other_request())
    for token in (other, "x" * 40):
        for rest in ("package/", "files/index.csv"):
            assert Client().get(f"/public/records/status/{token}/releases/1/{rest}").status_code == 404


def test_a_blocked_production_says_why_without_a_secret(desk: Release, visit: Callable[[str], Client]) -> None:
    row = desk.order()
    problem = "File 3 (x.txt): the text shows a forbidden string of the shape ########"
    Production.objects.filter(pk=row.pk).update(state="leaks", problems=[problem])
    page = text(visit("recorder").get(url(desk, "1/")))
    assert problem in page and "Go on with it" in page
    assert "Go on with it" not in text(visit("auditor").get(url(desk, "1/")))
