"""Whether confidential mail can leave, said before somebody sends (P-19)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from civicmail.city.policy.dispositions import Disposition
from civicmail.core.config.settings import Partner, Secure, Settings, Web
from civicmail.core.message.model import Envelope, Recipient
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.front.checkup.page_address import limitations, page_address
from civicmail.front.checkup.secure_mail import secure_mail
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Event, Source, Type
from civicmail.mail.courier import recipient_keys, secure_routes
from civicmail.mail.pipeline.accept import capture_of, scan
from front.cli.office import Office
from neighbours.authority import Authority

NOW = int(datetime(2027, 3, 1, tzinfo=UTC).timestamp() * 1000)
MX = "smtp://mx.county.example:25"
PAGES = Web(url="https://mail.city.example", hosts=["mail.city.example"])


def found(data: Path, now: int = NOW, **kw: object) -> list[Finding]:
    return list(secure_mail(Installation(data, Settings(**kw), now)))  # type: ignore[arg-type]


def levels(data: Path, now: int = NOW, **kw: object) -> list[str]:
    return [f.level for f in found(data, now, **kw)]


def test_whether_confidential_mail_can_leave_is_said(tmp_path: Path) -> None:
    assert levels(tmp_path) == ["not-set-up"] and levels(tmp_path, web=PAGES) == ["ok"]
    assert levels(tmp_path, web=PAGES, secure=Secure(files_url="https://files.city.example")) == ["problem"]
    assert levels(tmp_path, web=PAGES, secure=Secure(files_url=PAGES.url)) == ["warning"], "the same host protects nobody"
    assert levels(tmp_path, web=PAGES, secure=Secure(partner=[Partner(server=MX, ca=str(tmp_path / "gone.pem"))])) == ["problem"]
    assert levels(tmp_path, web=PAGES, secure=Secure(partner=[Partner()])) == ["warning"]
    assert "proven to nobody" in found(tmp_path, web=PAGES)[0].text
    rules = Secure(partner=[Partner(server=MX)], resolver="127.0.0.1:53", mta_sts=True)
    (ok,) = found(tmp_path, web=PAGES, secure=rules)
    assert all(word in ok.text for word in ("partners (1)", "signed records", "MTA-STS"))


@pytest.mark.rule("P-19", "A portal that is not reached over https is no route.")
@pytest.mark.parametrize("url", ["http://mail.city.example", "http://192.0.2.7:8025"])
def test_a_portal_in_clear_text_is_no_way(tmp_path: Path, url: str) -> None:
    """What is read at an http address has traveled unencrypted. On this machine alone it has not."""
    there = Web(url=url, hosts=["mail.city.example"])
    assert "https" in secure_routes.why_no_portal(Settings(web=there)) and levels(tmp_path, web=there) == ["warning"]
    files = Settings(web=PAGES, secure=Secure(files_url="http://files.city.example"))
    assert "files_url" in secure_routes.why_no_portal(files)
    for good in ("https://mail.city.example", "http://127.0.0.1:8025", "http://localhost:8025", "http://[::1]:8025"):
        assert secure_routes.why_no_portal(Settings(web=Web(url=good))) == ""


@pytest.mark.rule("P-19", "doctor is red while a copy waits for a secure route.")
def test_what_waits_for_want_of_a_way_is_red(office: Office) -> None:
    """How many messages it is, and what to do."""
    body = b"Subject: [secure] Your case\r\n\r\nhello\r\n"
    envelope = Envelope("ann@city.example", (Recipient("pat@out.example"),), NOW)
    capture = replace(
        capture_of(capture_id(NOW), scan(body), envelope, Source("relay", "r")), dispositions=(Disposition(0, "encrypt"),)
    )
    with closing(Writer(office.data, lambda: NOW)) as writer:
        writer.receipt(capture, body)
        facts = {
            "hop": "secure",
            "reply": f"{secure_routes.NO_WAY}the pick-up portal has no address (web.url)",
            "try": 1,
            "next": NOW,
        }
        writer.event(Event(Type.DEFERRED, capture.id, NOW, (0,), facts))
        writer.flush()
    (finding,) = found(office.data)
    assert finding.level == "problem" and "1 message waits" in finding.text and "web.url" in finding.do


@pytest.mark.rule("P-19", "The end of readers' certificates is reported two weeks before, without names.")
def test_a_certificate_of_a_reader_that_ends_is_said_before(tmp_path: Path) -> None:
    """Else what is confidential takes another way from one day to the next, and nobody knows why."""
    authority = Authority(tmp_path / "tls")
    issued, _ = authority.issue_for_mail("lee@law.example", key=ec.generate_private_key(ec.SECP256R1()))
    now, day = int(datetime.now(UTC).timestamp() * 1000), 86_400_000
    recipient_keys.add(tmp_path, "lee@law.example", issued.read_bytes(), now)
    assert levels(tmp_path, now, web=PAGES) == ["ok"]
    (soon,), (over,) = found(tmp_path, now + 20 * day, web=PAGES), found(tmp_path, now + 40 * day, web=PAGES)
    assert soon.level == over.level == "warning" and "1 certificate" in soon.text and "law.example" not in soon.text + soon.do
    assert recipient_keys.until(tmp_path, "lee@law.example", now).startswith("20")
    assert "not valid" in recipient_keys.until(tmp_path, "lee@law.example", now + 40 * day)


@pytest.mark.rule("P-05, P-19", "doctor and the settings check report features that need an address of the pages.")
def test_without_an_address_of_the_pages_doctor_and_the_settings_check_say_what_will_not_work(
    office: Office, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Links in letters, and the portal; before anybody sends."""
    (finding,) = page_address(Installation(office.data, Settings(), NOW))
    assert finding.level == "not-set-up" and "digests" in finding.text
    assert [f.level for f in page_address(Installation(office.data, Settings(web=PAGES), NOW))] == ["ok"]
    assert limitations(Settings(web=PAGES)) == []
    capfdbinary.readouterr()
    assert office.run("config", "check", "--json") == 0
    said = orjson.loads(capfdbinary.readouterr().out)
    assert said["ok"] and len(said["missing"]) == 2 and "web.url" in said["missing"][0]
    assert office.run("config", "check") == 0
    assert b"links in letters lead nowhere" in capfdbinary.readouterr().err


@pytest.mark.rule("P-19", "Our own files determine whether a copy may have a route, recipient by recipient.")
def test_whether_a_copy_may_have_a_way(tmp_path: Path) -> None:
    """As far as our own files say it."""
    bare, partner = Settings(), Settings(secure=Secure(partner=[Partner(domain="county.example", server=MX)]))
    assert not secure_routes.may_leave(bare, tmp_path, "pat@out.example", NOW)
    assert secure_routes.may_leave(Settings(web=PAGES), tmp_path, "pat@out.example", NOW)
    assert secure_routes.may_leave(partner, tmp_path, "Pat@County.example", NOW)
    assert not secure_routes.may_leave(partner, tmp_path, "pat@out.example", NOW)
    recipient_keys.folder(tmp_path).mkdir()
    (recipient_keys.folder(tmp_path) / "pat@out.example.asc").write_bytes(b"a key")
    assert secure_routes.may_leave(bare, tmp_path, "Pat@out.example", NOW)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "data")
