"""A resident's request for records from the phone to the verified release, in Chromium, by people who sign in to a served city
(P-21, P-24): hold, sworn search, review and redaction by keyboard alone, the gate, a second person, and a package for itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from civicmail.city.law.shipped import shipped
from stories.recordsoffice import SECONDS, RecordsOffice, letter, records_office, today
from stories.signing_in import signed_in
from stories.test_authority import browser_type_launch_args
from stories.townhall import PASSWORD, run

__all__ = ["browser_type_launch_args"]

pytestmark = [pytest.mark.neighbour("chromium", "tesseract"), pytest.mark.timeout(600)]

ASKED = "All letters about the lead pipes of Elm Street since January 2026, and who was on call for them."
PHONE = {"width": 360, "height": 740}
HOME_PHONE = "414-555-0142"
"""Of an employee, at home: §19.36 (10) (a)."""
CALLS = "Lead pipe crew: on call"
ROSTER = "\n".join(f"Week {n}: call Rosa at home, {HOME_PHONE}, about a burst lead pipe." for n in range(1, 8))
MOST_TABS = 300
_OFFLINE = """
import runpy, sys
def refuse(event, given):
    if event.startswith("socket."):
        raise RuntimeError("it asks the network: " + event)
sys.addaudithook(refuse)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
_LOOKS = """
import json
from civicmail.city.guard.models import Entry
rows = Entry.objects.filter(object="request:{number}").order_by("id")
print(json.dumps([(e.act, e.person, json.loads(bytes(e.head)).get("facts", {{}}), hasattr(e, "carried")) for e in rows]))
"""


def mail() -> list[EmailMessage]:
    """Fifty messages that the search finds, and ten that it does not."""
    quoted = "".join(f"> {line}\n" for line in ROSTER.splitlines())
    found = [
        letter(1, CALLS, ROSTER),
        letter(2, f"Re: {CALLS}", f"Thank you.\n\n{quoted}", answers=1),
        letter(3, f"Re: {CALLS}", f"I agree with all of it.\n\n{quoted}", answers=2),
        letter(4, "Lead pipe bid", "Our alloy for lead pipe joints, which nobody else has, is 61 parts of tin."),
        *(
            letter(n, f"Lead pipe at {n} Elm Street", f"The lead pipe of number {n} is old; its water is brown.")
            for n in range(5, 11)
        ),
        *(letter(n, f"Choir {n}", f"Who sings the lead in the pipe organ concert number {n}?") for n in range(11, 51)),
    ]
    return found + [letter(n, f"Potholes {n}", f"The potholes of number {n} are deep.") for n in range(51, 61)]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[RecordsOffice]:
    expect.set_options(timeout=1000 * SECONDS)  # a page that two cores are slow about
    with records_office(tmp_path, "wisconsin") as served:
        yield served
    expect.set_options(timeout=5000)


def test_a_request_is_released_as_a_package_that_needs_nobody(office: RecordsOffice, browser: Any, tmp_path: Path) -> None:
    office.send(mail())
    resident: Page = browser.new_context(viewport=PHONE, accept_downloads=True).new_page()
    number, link = _asks(office, resident)

    rita: Page = signed_in(browser, office.home, "rita", PASSWORD)
    request = f"{office.home}/records/requests/{number}/"
    _held(office, rita, request, number)
    _searched(rita, request)
    _reviewed(rita, request)
    production = _ordered(rita, request)

    cora: Page = signed_in(browser, office.home, "cora", PASSWORD)
    _approved(rita, cora, production)
    _locked(rita, resident, request, production, link)
    _released(rita, production)
    _verified(resident, link, tmp_path / "release")
    _contested(resident, rita, cora, link)
    _told_in_words(rita, request)
    _looks_are_entries(office, number)


def _asks(office: RecordsOffice, page: Page) -> tuple[str, str]:
    """Nobody says who they are. The number of the request, and the link of its receipt."""
    page.goto(f"{office.home}/public/records/request/")
    expect(page.get_by_text("You need no account, and you need not say who you are")).to_be_visible()
    page.get_by_label("What records do you ask for?").fill(ASKED)
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Receipt")
    assert re.fullmatch(r"(\w{4}-){3}\w{4}", page.locator("p.cm-mono strong").inner_text())
    words = page.get_by_role("main").inner_text()
    assert "We have your request." in words and "Rita Records" in words and ASKED in words, "the acknowledgment"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    found = re.search(r"PR-\d{4}-\d{5}", words)
    assert found is not None
    link = page.get_by_role("link", name=re.compile("public.records.status")).inner_text()
    assert link.startswith(office.home)
    return found[0], link


def _held(office: RecordsOffice, officer: Page, request: str, number: str) -> None:
    """Everything is held from the second of intake; then what the agreed scope reaches."""
    officer.goto(f"{request}assign/")
    officer.get_by_label("Who?").fill("e-5")
    officer.get_by_text("Review: read, decide, redact").click()
    officer.get_by_role("button", name="Assign", exact=True).click()
    expect(officer.get_by_text("They may read what an agreed scope covers.")).to_be_visible()
    officer.goto(f"{request}scope/")
    expect(officer.get_by_text("All mail, until a scope is agreed")).to_be_visible()
    assert f"request {number}: everything" in office.holds()

    officer.get_by_role("textbox", name="Query", exact=True).fill("lead pipe")
    officer.get_by_role("button", name="Count").click()
    expect(officer.locator("#reach")).to_contain_text(re.compile(r"Messages\s*50"))
    officer.get_by_label("The request as we understand it").fill("Mail about lead pipes on Elm Street, and who was on call.")
    officer.get_by_role("button", name="Propose this scope").click()
    expect(officer.get_by_text("Scope 1 was agreed. What it reaches is held.")).to_be_visible()
    expect(officer.get_by_text(re.compile("Scope 1, since"))).to_be_visible()
    assert f"request {number}: lead pipe" in office.holds()


def _searched(officer: Page, request: str) -> None:
    """The sums of the search balance, and the affidavit says what was searched."""
    officer.goto(f"{request}search/")
    officer.get_by_role("button", name="Search", exact=True).last.click()
    expect(officer.get_by_role("heading", name="What was searched")).to_be_visible()
    sums = officer.locator("dl.cm-facts").last.inner_text().split("\n")
    assert [int(part) for part in sums if part.isdecimal()] == [60, 50, 0, 10]
    with officer.expect_download() as file:
        officer.get_by_role("link", name="Affidavit as text").click()
    sworn = Path(file.value.path()).read_text()
    for words in ("lead pipe", "Rita Records", "50", "60"):
        assert words in sworn


def _reviewed(officer: Page, request: str) -> None:
    """Fifty messages by keyboard alone: the mouse is not touched from here to the last decision."""
    officer.goto(f"{request}review/")
    expect(officer.get_by_text("Keys are off.")).to_be_visible()
    _tab_to(officer, "Switch keys on")
    _press(officer, "Enter")
    for left in range(50, 0, -1):
        expect(officer.locator("#message")).to_be_visible()
        expect(officer.locator(".cm-facts")).to_contain_text(f"{left} of 50")
        subject = officer.locator("#message").inner_text()
        if "on call" in subject:
            _redacted(officer)
        elif "bid" in subject:
            _withheld(officer)
        else:
            _press(officer, "n" if subject.startswith("Choir") else "r")
    expect(officer.locator(".cm-facts")).to_contain_text("0 of 50")
    officer.goto(f"{request}contradictions/")
    expect(officer.get_by_text("Every document is decided, and no decision contradicts another one.")).to_be_visible()


def _redacted(officer: Page) -> None:
    """Found, marked and coded everywhere in the request with the first message; the others have their marks already."""
    _press(officer, "e")
    if officer.get_by_role("heading", name=re.compile(r"^All \d+ redactions$")).count() == 0:
        _tab_to(officer, "Find")
        officer.keyboard.type(HOME_PHONE)
        _press(officer, "Enter")
        _tab_to(officer, re.compile(r"^Mark all 7$"))
        _press(officer, "Enter")
        expect(officer.get_by_text("7 of 7 without a code")).to_be_visible()
        _choose(officer, re.compile(r"^19\.36\(10\)\(a\)"))
        _choose(officer, "Everywhere in the request")
        _press(officer, "a")
        expect(officer.get_by_text("Also redacted in this request: 20.")).to_be_visible()
    expect(officer.get_by_text("7 redactions", exact=True)).to_be_visible()
    assert HOME_PHONE not in _preview(officer)
    _press(officer, "s")
    if officer.get_by_role("link", name="Next message").count():
        _press(officer, "j")


def _preview(officer: Page) -> str:
    """The words of the file that would leave, and back."""
    _press(officer, "v")
    words = officer.get_by_role("main").inner_text()
    assert "REDACTED" in words
    with officer.expect_navigation():
        officer.go_back()
    return words


def _withheld(officer: Page) -> None:
    """A trade secret, with the facts that its code needs."""
    _press(officer, "w")
    _choose(officer, re.compile(r"^19\.36\(5\)"))
    for name, words in (("Owner of the secret", "Pipe Works, Inc."), ("Value and protection", "Nobody else has this alloy.")):
        _tab_to(officer, name)
        officer.keyboard.type(words)
    _tab_to(officer, re.compile("^Withhold"))
    _press(officer, "Enter")


def _ordered(officer: Page, request: str) -> str:
    """The worker makes each document anew, and the gate checks each file. The address of the production."""
    officer.goto(f"{request}productions/new/")
    officer.get_by_text("Messages as mail (.eml)").click()
    officer.get_by_role("button", name="Order the production").click()
    expect(officer.get_by_text("Production 1 was ordered.")).to_be_visible()
    expect(officer.get_by_role("heading", name="Balance")).to_be_visible()
    words = officer.get_by_role("main").inner_text()
    equation = "50 located = 6 released in full + 3 redacted + 1 withheld + 40 not responsive"
    assert equation in words and "Nothing leaves" not in words
    return officer.url


def _approved(officer: Page, second: Page, production: str) -> None:
    """Whoever reviewed cannot approve; the city attorney approves exactly these files."""
    assert officer.get_by_role("link", name="Decide").count() == 0
    second.goto(production)
    second.get_by_role("link", name="Decide").click()
    expect(second.get_by_text("Your approval is bound to exactly these files.")).to_be_visible()
    second.get_by_text("Approve exactly these files").click()
    second.get_by_role("button", name="Save the decision").click()
    expect(second.get_by_text("Production 1 was approved.")).to_be_visible()


def _locked(officer: Page, resident: Page, request: str, production: str, link: str) -> None:
    """Rosa must hear of it first: nothing leaves for 12 working days, nor before a court has decided."""
    officer.goto(f"{request}notices/new/")
    officer.get_by_text("Results of an investigation of an employee").click()
    officer.get_by_label("Name of the person").fill("Rosa Hale")
    officer.get_by_label("The records in words").fill("The roster of the lead pipe crew, with what was found about it.")
    officer.get_by_role("button", name="Add the notice").click()
    expect(officer.get_by_text("The notice was added. Serve it now")).to_be_visible()
    notice = officer.url
    officer.goto(f"{notice}serve/")
    officer.get_by_text("Certified mail").click()
    officer.get_by_label("Proof of service").fill("Certified letter 9407 1118 9956")
    officer.get_by_role("button", name="Save the service").click()
    expect(officer.get_by_text("The service is saved. The lock runs from that day.")).to_be_visible()
    until = shipped("wisconsin").due("release-lock", today())
    expect(officer.get_by_role("main")).to_contain_text(f"{until:%B} {until.day}")

    officer.goto(f"{production}release/")
    officer.get_by_role("button", name="Release 9 documents").click()
    expect(officer.get_by_text(re.compile(r"Not released\. "))).to_be_visible()
    resident.goto(link)
    expect(resident.get_by_text("The law says that a person whom they are about must first be notified")).to_be_visible()
    assert resident.get_by_text("Rosa").count() == 0 and resident.get_by_text("Download everything").count() == 0

    for page, label, words, button, said in (
        ("court", "Court and case number", "Circuit Court, 2026CV001234", "Save the court action", "before the court action ends."),
        ("end", "How did it end?", "Dismissed on the first hearing, no appeal.", "Save the end", "The lock is over."),
    ):
        officer.goto(f"{notice}{page}/")
        officer.get_by_label(label).fill(words)
        officer.get_by_role("button", name=button).click()
        expect(officer.get_by_text(said)).to_be_visible()


def _released(officer: Page, production: str) -> None:
    officer.goto(production)
    officer.get_by_role("link", name="Release", exact=True).click()
    expect(officer.get_by_text("Cora Blum approved exactly these files.")).to_be_visible()
    officer.get_by_role("button", name="Release 9 documents").click()
    expect(officer.get_by_text("Production 1 was released.")).to_be_visible()


def _verified(page: Page, link: str, place: Path) -> None:
    """On the phone: by the link alone; then in a process that knows nothing of us and has no network."""
    page.goto(link)
    expect(page.get_by_role("heading", name="Records released to you")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_text("Verify it without us").click()
    command = page.get_by_text(re.compile(r"^python verify\.py")).inner_text().split()[2:]
    with page.expect_download() as file:
        page.get_by_role("link", name="Download everything (zip file)").click()
    with zipfile.ZipFile(file.value.path()) as package:
        package.extractall(place)
    done = subprocess.run(
        [sys.executable, "-I", "-c", _OFFLINE, "verify.py", *command],
        cwd=place,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "are as they were released." in done.stdout and "The office signed the manifest." in done.stdout
    released = b"".join(path.read_bytes() for path in place.rglob("*") if path.suffix in (".txt", ".eml", ".csv", ".json"))
    assert b"number 7 is old" in released and b"REDACTED 19.36(10)(a)" in released
    assert not any(secret.encode() in released for secret in (HOME_PHONE, "61 parts", "Choir"))
    log = next(place.rglob("withholding-log.csv")).read_text()
    assert "19.36(5)" in log and "trade secret" in log


def _contested(page: Page, officer: Page, second: Page, link: str) -> None:
    """Box 14, on the phone and by its number alone; neither who redacted nor who approved it may answer."""
    page.goto(link)
    page.get_by_role("link", name="Contest a redaction or a withheld document").click()
    page.get_by_text("A redaction, by the number in its box").click()
    page.get_by_label("Its number", exact=True).fill("14")
    page.get_by_label("Why?", exact=True).fill("Who was on call is public.")
    page.get_by_role("button", name="Send contest").click()
    expect(page.get_by_role("heading", name="Number 14")).to_be_visible()
    expect(page.get_by_text("Somebody who did not decide it looks at it again.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for person in (officer, second):
        person.goto(f"{person.url.partition('/records/')[0]}/records/contests/1/")
        expect(person.get_by_text("Who was on call is public.")).to_be_visible()
        expect(person.get_by_text("A person who decided, redacted and approved nothing of it answers.")).to_be_visible()


def _told_in_words(officer: Page, request: str) -> None:
    """The history of the request says what was done as people say it."""
    officer.goto(request)
    history = officer.get_by_role("main").inner_text()
    assert "Released a production" in history and "Approved a production" in history
    assert re.findall(r"\b(?:records|content|search|scope|hold)\.[a-z-]+", history) == []


def _looks_are_entries(office: RecordsOffice, number: str) -> None:
    """Each message that was shown, each search and each download is an entry of its own."""
    rows = json.loads(run(office.data, _LOOKS.format(number=number)))
    shown = {capture for act, person, facts, _ in rows if (act, person) == ("content.show", "e-5") for capture in facts["ids"]}
    assert len(shown) == 50
    acts = [act for act, *_ in rows]
    for act in (
        "records.receive",
        "hold.placed",
        "scope.proposed",
        "search.made",
        "content.export",
        "records.notice-served",
        "records.approved",
        "records.released",
    ):
        assert act in acts, act
    assert [facts["file"] for act, person, facts, _ in rows if act == "records.fetched"] == [f"{number}-1.zip"]


def _press(page: Page, key: str) -> None:
    """A key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def _choose(page: Page, name: str | re.Pattern[str]) -> None:
    """A radio button, by keyboard: Tab leads into its group, and the arrows lead through it. More codes are opened on the way."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        words = _focused(page)
        if words.endswith("more codes"):
            page.keyboard.press("Enter")
        for _ in range(MOST_TABS):
            if not page.evaluate("document.activeElement.type === 'radio'"):
                break
            if _fits(_focused(page), name):
                page.keyboard.press("Space")
                return
            page.keyboard.press("ArrowDown")
            if _focused(page) == words:
                break
    raise AssertionError(f"no key leads to {name}")


def _tab_to(page: Page, name: str | re.Pattern[str]) -> None:
    """The Tab key until what has the focus has this name."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if _fits(_focused(page), name):
            return
    raise AssertionError(f"no key leads to {name}")


def _focused(page: Page) -> str:
    """The name of what has the focus."""
    return str(page.evaluate("(e => ((e.labels && e.labels[0]) || e).innerText.trim())(document.activeElement)"))


def _fits(words: str, name: str | re.Pattern[str]) -> bool:
    return bool(name.search(words)) if isinstance(name, re.Pattern) else words == name
