"""The personnel system's own file is mapped once; identity providers get their tokens; what the brake holds is looked at (L7)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from civicmail.city.directory.models import FeedKey, FeedMapping, FeedRun, FeedUpload
from civicmail.city.guard.models import Entry
from pages.world import Town

FOREIGN = "Emp No;Full Name;Bureau;FT/PT;Hired\n7001;Müller, Ann;Public Works;FT;03/09/2026\n7002;Bob Baker;Nowhere;PT;x\n"
MEANT = {
    "column-0": "uid", "column-1": "full", "column-2": "department", "column-3": "kind", "column-4": "starts", "kind": "",
    "kinds": "FT = employee\nPT = employee", "departments": "", "dates": "mdy", "save": "payroll-2",
}  # fmt: skip
BECAUSE = "It was decided in the meeting of today."


def _file(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("export.csv", text.encode("cp1252"))


@pytest.mark.rule(
    "P-08",
    "The meaning of a file's columns is asked once; the next file is recognized by its first line, and reading changes nothing.",
)
def test_a_file_with_other_columns_is_mapped_once_and_known_again(city: Town, visit: Callable[[str], Client]) -> None:
    """Nothing is changed by it; the next file of the source needs no answer."""
    office = visit("office")
    asked = office.post("/access/feeds/new/", {"file": _file(FOREIGN)})
    waits = FeedUpload.objects.get(name="export.csv")
    assert asked.headers["Location"] == f"/access/feeds/columns/{waits.pk}/"
    page = office.get(asked.headers["Location"]).content.decode()
    assert "Windows-1252" in page and "semicolon" in page and "Müller, Ann; Bob Baker" in page
    missing = office.post(asked.headers["Location"], MEANT | {"column-0": ""})
    assert missing.status_code == 422 and "No column is uid" in missing.content.decode()
    read = office.post(asked.headers["Location"], MEANT)
    run = FeedRun.objects.get(source="export.csv")
    assert read.headers["Location"] == f"/access/feeds/{run.pk}/" and run.state in ("proposed", "stopped")
    lines = dict(run.lines.filter(uid__startswith="7").values_list("uid", "did"))
    assert lines == {"7001": "added", "7002": "refused"}
    assert not FeedUpload.objects.filter(pk=waits.pk).exists() and FeedMapping.objects.filter(name="payroll-2").exists()
    again = office.post("/access/feeds/new/", {"file": _file(FOREIGN.replace("7002", "7003"))})
    newest = FeedRun.objects.order_by("-id").first()
    assert newest is not None and again.headers["Location"] == f"/access/feeds/{newest.pk}/" and newest.pk != run.pk
    assert Entry.objects.filter(act="feed.map-save").count() == 1


def test_a_mapping_is_forgotten_and_the_file_is_asked_about_again(city: Town, visit: Callable[[str], Client]) -> None:
    office = visit("office")
    assert "no = uid" in office.get("/access/feeds/mappings/").content.decode()
    office.post("/access/feeds/mappings/payroll/forget/", {"reason": BECAUSE})
    assert not FeedMapping.objects.exists() and "No mapping was kept" in office.get("/access/feeds/mappings/").content.decode()


def test_a_provider_gets_a_token_that_is_shown_once_and_ended(city: Town, visit: Callable[[str], Client]) -> None:
    """P-07, S1."""
    office = visit("office")
    made = office.post("/access/feeds/providers/new/", {"name": "Sign-in", "days": "90", "reason": BECAUSE}).content.decode()
    token = made.partition("cmf-")[2][:34]
    key = FeedKey.objects.get(name="Sign-in")
    assert len(token) == 34 and token not in office.get("/access/feeds/providers/").content.decode()

    def ask() -> int:
        return Client().get("/scim/v2/Users", headers={"authorization": f"Bearer cmf-{token}"}).status_code

    assert ask() == 200
    office.post(f"/access/feeds/providers/{key.pk}/end/", {"reason": BECAUSE})
    assert ask() == 401
    refused = office.post("/access/feeds/providers/new/", {"name": "Sign-in", "days": "900", "reason": BECAUSE})
    assert refused.status_code == 422
