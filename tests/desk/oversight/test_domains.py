"""Domains: what the zones say and what others report, on a page that waits for nobody (P-26)."""

from __future__ import annotations

import asyncio
import gzip
import html
import io
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Entry
from civicmail.core.config.load import load
from civicmail.core.config.settings import Settings
from civicmail.desk.oversight import dns_zones
from civicmail.front.checkup import dns_zone as zone_of_health
from civicmail.front.checkup.findings import Installation
from civicmail.mail.courier import dkimkeys
from civicmail.mail.screening.reports import month_files
from civicmail.mail.screening.resolver import Answer, Kind
from mail.screening.reports.test_reports import row, xml
from mail.screening.zone import Zone
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
PAGE = "/system/domains/"


def words(response: Any) -> str:
    return " ".join(html.unescape(re.sub(r"(?s)<script.*?</script>|<[^>]+>", " ", response.content.decode())).split())


def upload(client: Client, *files: tuple[str, bytes], follow: bool = True) -> Any:
    return client.post(PAGE, {"file": [SimpleUploadedFile(name, content) for name, content in files]}, follow=follow)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Zone:
    found = Zone({"city.example": {"TXT": "v=spf1 ?all"}})
    monkeypatch.setattr(dns_zones.nameserver, "open_", lambda settings: found)
    monkeypatch.setattr(dns_zones.nameserver, "is_special", lambda name: False)
    return found


def report(town: Town, id_: str, *rows: str) -> bytes:
    begin = epoch_ms(town.now) // 1000 - 86_400
    content = xml(*rows).replace(b"1772400000", str(begin).encode()).replace(b"1772486400", str(begin + 86_400).encode())
    return content.replace(b"<report_id>1<", f"<report_id>{id_}<".encode())


def test_each_record_has_its_state_and_the_line_for_the_zone(city: Town, visit: Visit, installed: Path, zone: Zone) -> None:
    """What stands there is put right and not replaced; keys by their state; it is asked anew when there is another key."""
    client = visit("operator")
    page = words(client.get(PAGE))
    assert "city.example SPF Weak" in page and 'city.example. IN TXT "v=spf1 -all"' in page
    assert "_dmarc.city.example DMARC Missing" in page and 'IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@city.example"' in page
    assert "civicmail dkim new city.example" in page
    asked = len(zone.asked)
    client.get(PAGE)
    assert len(zone.asked) == asked, "what is known is not asked again within a minute"
    key = dkimkeys.new(installed, "city.example", "ed25519", now=epoch_ms(city.now), selector="one")
    made = words(client.get(PAGE))
    assert "one._domainkey.city.example DKIM Pending" in made and key.public in made
    dkimkeys.activate(installed, key, now=epoch_ms(city.now))
    active = client.get(PAGE)
    assert "one._domainkey.city.example DKIM Missing" in words(active) and "No key signs" not in words(active)
    assert 'data-copy="one._domainkey.city.example. IN TXT' in active.content.decode()
    assert visit("auditor").get(PAGE).status_code == 403


def test_a_resolver_that_does_not_answer_is_said_and_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One round of questions at a time, whoever looks; what comes later is shown later."""
    gate, rounds = [False], []

    class Late:
        async def ask(self, name: str, kind: Kind) -> Answer:
            while not gate[0]:
                await asyncio.sleep(0.005)
            return Answer(("v=spf1 -all",))

    def opened(settings: Settings) -> Late:
        rounds.append(settings)
        return Late()

    monkeypatch.setattr(dns_zones.nameserver, "open_", opened)
    monkeypatch.setattr(dns_zones.nameserver, "is_special", lambda name: False)
    now = [0.0]
    page = dns_zones.Zones(tmp_path, Settings(), monotonic=lambda: now[0])
    began = time.monotonic()
    first = [page.looks(0.01) for _ in range(3)][-1]
    assert time.monotonic() - began < 20 and len(rounds) == 1
    assert [look.state for look in first] == ["unknown"] * 4 + ["missing"] and "has not answered yet" in first[0].text
    gate[0] = True
    assert page.looks(5)[0].state == "good"
    now[0] = 61.0
    assert page.looks(5)[0].state == "good" and len(rounds) == 2


def test_domains_and_health_say_the_same_of_a_name_for_trials(city: Town, visit: Visit, installed: Path) -> None:
    """One called its records missing, the other called them good: nobody was asked."""
    page = words(visit("operator").get(PAGE))
    (said,) = zone_of_health.zone(Installation(installed, load(installed), epoch_ms(city.now)))
    assert said.text in page and "a name for trials" in said.text and "DMARC" not in page


def test_a_page_without_answers_says_so(city: Town, visit: Visit, zone: Zone) -> None:
    zone.rows = {
        name: {"*": "TEMP"} for name in ("city.example", *(f"{p}.city.example" for p in ("_dmarc", "_mta-sts", "_smtp._tls")))
    }
    page = words(visit("operator").get(PAGE))
    assert "The DNS does not answer." in page and "DMARC Unknown" in page and "DMARC Missing" not in page


def test_reports_are_read_in_with_an_entry_and_shown_by_month(city: Town, visit: Visit, zone: Zone) -> None:
    """Several files at once, whatever they come in; each report once."""
    client = visit("operator")
    first = report(city, "1", row(dkim="fail", ip="192.0.2.9", count="17", did="reject"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.xml", report(city, "2", row()))
    mail = b"From: a@b.example\r\nContent-Type: text/xml\r\n\r\n" + report(city, "3", row())
    files = [("a.xml.gz", gzip.compress(first)), ("b.zip", packed.getvalue()), ("c.eml", mail), ("d.xml", first), ("e", b"x")]
    told = words(upload(client, *files))
    assert "3 reports are new, 1 known already." in told and "e is no report that can be read" in told
    assert "192.0.2.9 city.example 17 0 17" in told and "192.0.2.1 city.example 0 6 0" in told
    entry = Entry.objects.get(act="dns.reports")
    assert (entry.person, entry.duty, entry.facts) == ("p-operator", "system-administrator", {"files": 5, "reports": 4})
    assert "17 0 17" in words(client.get(f"{PAGE}?month=../../etc"))


HOSTILE = {
    "laughs.xml": xml(row(), before='<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'),
    "file.xml": xml(row(), before='<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'),
    "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(1000),
    "broken.json": b'{"policies": 7',
}


def test_what_is_hostile_or_something_else_is_told_and_nothing_is_kept(
    city: Town, visit: Visit, installed: Path, zone: Zone
) -> None:
    """Bad input: each by its name, all in one go. 64 MB are the most that is unpacked."""
    hostile = {**HOSTILE, "bomb.gz": gzip.compress(gzip.compress(b"<" + bytes(80 << 20), 1))}
    answer = upload(visit("operator"), *hostile.items())
    assert answer.status_code == 422
    assert [name for name in hostile if f"{name} is no report that can be read" not in words(answer)] == []
    assert not month_files.folder(installed).exists() and not Entry.objects.filter(act="dns.reports").exists()


def test_too_much_is_refused_before_it_is_read(city: Town, visit: Visit, zone: Zone) -> None:
    client = visit("operator")
    huge: Any = client.post(PAGE, {}, CONTENT_LENGTH=str(100 * 1024 * 1024))
    assert huge.status_code == 413
    assert "At most 25 MB together" in words(upload(client, ("a", bytes(13_000_000)), ("b", bytes(13_000_000))))
    assert "At most 20 files" in words(upload(client, *((str(n), b"<a/>") for n in range(21))))
    assert client.post(PAGE).status_code == 422
    assert visit("auditor").post(PAGE).status_code == 403


def test_a_month_that_is_damaged_is_said_and_the_zones_are_shown(city: Town, visit: Visit, installed: Path, zone: Zone) -> None:
    client = visit("operator")
    upload(client, ("a.xml", report(city, "1", row())))
    (path,) = month_files.folder(installed).glob("*.json")
    path.write_text("{")
    page = client.get(PAGE)
    assert page.status_code == 200 and path.name in words(page) and "DMARC Missing" in words(page)
    again = upload(client, ("b.xml", report(city, "2", row())))
    assert again.status_code == 422 and path.name in words(again) and path.read_text() == "{"
