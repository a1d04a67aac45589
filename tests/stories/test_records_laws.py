"""The same request under two laws: its date, letters and codes come from the law pack that the city adopted, and from nothing else
(P-21)."""

from __future__ import annotations

import re
import urllib.request
import zipfile
from dataclasses import dataclass, field
from datetime import date
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest

from civicmail.city.law.shipped import shipped
from stories.pressing import Browser
from stories.recordsoffice import OFFICER, RecordsOffice, letter, pressed, records_office, today, wait_until

pytestmark = [pytest.mark.neighbour("tesseract"), pytest.mark.timeout(600)]

PHONE = "414-555-0142"


@dataclass(frozen=True)
class Law:
    """What differs. code: of a home telephone; facts: that it needs; required: the sentence without which the letter is void;
    clock: working days until the answer; notice, method: class of a notice and its service; notice_words: of its letter."""

    code: str
    required: str
    clock: int
    notice: str
    method: str
    notice_words: str
    facts: dict[str, str] = field(default_factory=dict)


LAWS = {
    "wisconsin": Law(
        "19.36(10)(a)",
        "is subject to review by mandamus under s. 19.37(1) or upon application to the attorney general or a district attorney",
        10,
        "discipline",
        "certified mail",
        "We do not give access before",
    ),
    "federal": Law(
        "(b)(6)",
        "You have the right to appeal this determination to the head of the agency within 90 days",
        20,
        "submitter",
        "mail",
        "You may object in writing until",
        {"privacy-balance": "It shows nothing of the work.", "foreseeable-harm": "Strangers would call her at night."},
    ),
}


@pytest.mark.parametrize("law", LAWS)
def test_the_same_request_runs_under_either_law(law: str, tmp_path: Path) -> None:
    own, (other,) = LAWS[law], [LAWS[name] for name in LAWS if name != law]
    with records_office(tmp_path, law) as office:
        office.send([
            letter(1, "On call", f"Call Rosa at home, {PHONE}, about a burst lead pipe."),
            letter(2, "Lead pipe", "The lead pipe is old."),
            letter(3, "Choir", "Who sings the lead in the pipe organ concert?"),
        ])  # fmt: skip
        number, link, receipt = _asks(office)
        assert _long(shipped(law).due("respond", today())) in receipt
        rita, cora = office.browsers()
        request = f"/records/requests/{number}/"
        _searched(office, rita, request)
        _reviewed(rita, request, own)
        _released(office, rita, cora, request)
        files = _downloaded(link)
        notice = _notified(rita, request, own)
    assert _long(shipped(law).due("release-lock", today())) in notice, "the lock"
    assert own.notice_words in notice and other.notice_words not in notice
    assert shipped(law).clock("respond").days == own.clock != other.clock
    words = files["letter.txt"]
    assert own.required in " ".join(words.split()) and other.required not in " ".join(words.split())
    log = files["withholding-log.csv"]
    assert own.code in log and other.code not in log and shipped(law).code(own.code).citation in log + words
    released = "".join(files.values())
    assert f"REDACTED {shipped(law).code(own.code).label}" in released and PHONE not in released


def _asks(office: RecordsOffice) -> tuple[str, str, str]:
    """The number of the request, its link, and the words of the receipt."""
    answer = pressed(Browser(office.civic.ports.web, ""), "/public/records/request/", {"text": "Mail about lead pipes."})
    number, link = (
        re.search(r"PR-\d{4}-\d{5}", answer.page),
        re.search(rf"{office.home}/public/records/status/[\w-]+/", answer.page),
    )
    assert number is not None and link is not None
    return number[0], link[0], unescape(re.sub("<[^>]+>", "", answer.page))


def _searched(office: RecordsOffice, rita: Browser, request: str) -> None:
    pressed(rita, f"{request}assign/", {"person": OFFICER, "role": "reviewer"})
    pressed(rita, f"{request}scope/?query=lead+pipe", {"understood": "Mail about lead pipes.", "query": "lead pipe"})
    pressed(rita, f"{request}search/", {"state": "scoping"})
    wait_until(lambda: "What was searched" in rita.get(f"{request}search/").page, office.civic.log)


def _reviewed(rita: Browser, request: str, law: Law) -> None:
    redact = f"{request}documents/1/redact/"
    marked = pressed(rita, f"{redact}?find={PHONE}", {"find": PHONE}, "all")
    facts = {f"fact-{law.code}-{name}": words for name, words in law.facts.items()}
    pressed(rita, marked.path, {"code": law.code, **facts}, "apply")
    pressed(rita, redact, {}, "save")
    pressed(rita, f"{request}review/?item=2", {}, "release")
    pressed(rita, f"{request}review/?item=3", {}, "not-responsive")
    assert "Every document is decided" in rita.get(f"{request}contradictions/").page


def _released(office: RecordsOffice, rita: Browser, cora: Browser, request: str) -> None:
    pressed(rita, f"{request}productions/new/", {"interim": ""})
    production = f"{request}productions/1/"
    wait_until(lambda: 'id="balance"' in rita.get(production).page, office.civic.log)
    pressed(cora, f"{production}decide/", {"decision": "yes"})
    pressed(rita, f"{production}release/", {"state": "approved"})


def _notified(rita: Browser, request: str, law: Law) -> str:
    """The words of the page of a notice that was served today."""
    said = {
        "notice": law.notice,
        "name": "Rosa Hale",
        "record": "The roster of the crew.",
        "person": "",
        "items": "",
        "decided": "",
    }
    notice = pressed(rita, f"{request}notices/new/", said).path
    page = pressed(rita, f"{notice}serve/", {"method": law.method, "proof": "9407 1118 9956", "sent": ""}).page
    return " ".join(unescape(re.sub("<[^>]+>", "", page)).split())


def _downloaded(link: str) -> dict[str, str]:
    """The text files of the package, by the link of the receipt alone."""
    with urllib.request.urlopen(f"{link}releases/1/package/", timeout=60) as package:
        zipped = zipfile.ZipFile(BytesIO(package.read()))
    names = [name for name in zipped.namelist() if name.endswith((".txt", ".csv"))]
    return {Path(name).name: zipped.read(name).decode("utf-8-sig") for name in names}


def _long(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
