"""An empty installation becomes a city that sends mail by what its own pages say: the claim with the setup code, a personnel list,
a head and a deputy, two sign-in letters, one request, one approval, and the first message (P-04, P-07, P-16)."""

from __future__ import annotations

import csv
import datetime
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neighbours.civic import Civicmail, civicmail
from pages.conftest import browser_type_launch_args as browser_type_launch_args
from pages.passkeys import Authenticator

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.timeout(300)]
WHY = "Answers residents and departments in writing and on the same day"
HEADER = ["Personnel number", "First name", "Last name", "Department", "Type", "Title", "Start date"]
STAFF = [("E1001", "Olga", "Lund", "Access officer"), ("E2001", "Dora", "Vik", "Deputy"), ("E2002", "Hanna", "Berg", "Head of IT")]


@pytest.mark.rule(
    "P-07, P-16", "An empty installation is claimed and sends its first mail by its own pages, without other instructions."
)
def test_an_empty_installation_sends_its_first_mail_by_what_its_pages_say(tmp_path: Path, browser: Any) -> None:
    data = tmp_path / "data"
    with Civicmail(data, web__serve="true") as ours:
        until(ours.is_ready)
        home = f"http://localhost:{ours.ports.web}"
        olga = person(browser)
        claim(olga, home, data)
        people_come(olga, home, listed(tmp_path))
        hanna = opened(browser, home, letter(olga, home, "E2002"), owner_hands_over(data, "E2002"))
        dora_first = letter(olga, home, "E2001")
        dora = opened(browser, home, dora_first, hands_over(hanna, home))
        asks(dora, home, "E1001")
        approves(hanna, home)
        writes(olga, home)
        until(lambda: list(data.glob("maildir/**/new/*")) != [])


def person(browser: Any) -> Any:
    page = browser.new_context().new_page()
    page.set_default_timeout(20_000)
    Authenticator(page)
    return page


def claim(page: Any, home: str, data: Path) -> None:
    """The page asks for the code of the file that it names; a wrong one claims nothing."""
    page.goto(home)
    code = (data / "keys" / "setup.code").read_text()
    first = {"given": "Olga", "family": "Lund", "uid": "E1001", "department": "City IT", "reason": "council decision 26-14"}
    for typed in ("0000-0000-0000-0000-0000", code.strip().upper().replace("-", " ")):
        for name, value in {"code": typed, **first}.items():
            page.fill(f"[name={name}]", value)
        page.get_by_role("button", name="Claim, and set a passkey").click()
    page.get_by_role("button", name="Set a passkey").click()
    page.wait_for_url("**/first-steps/")
    assert not (data / "keys" / "setup.code").exists()
    page.get_by_role("link", name="Activate the role…").click()
    page.get_by_role("link", name="Activate…").click()
    page.get_by_text("4 hours").click()
    page.fill("[name=reason]", "set up the city")
    page.get_by_role("button", name="Act as access officer").click()
    page.wait_for_url("**/duties/")


def listed(folder: Path) -> Path:
    """A personnel list as a personnel system exports it."""
    file = folder / "people.csv"
    day = datetime.date.today().isoformat()
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER)
        writer.writerows([*who[:3], "City IT", "employee", who[3], day] for who in STAFF)
    return file


def people_come(page: Any, home: str, file: Path) -> None:
    """The personnel list is read, and head and deputy are named."""
    page.goto(f"{home}/first-steps/")
    step(page, "Bring the people").get_by_role("link", name="Read a personnel list").click()
    page.set_input_files("[name=file]", str(file))
    page.get_by_role("button", name="Read the list").click()
    page.get_by_role("button", name="Read the list").click()
    page.get_by_role("link", name="Apply…").click()
    page.fill("[name=reason]", "The first personnel list of the city")
    page.locator("main button").last.click()
    page.goto(f"{home}/first-steps/")
    step(page, "Open departments").get_by_role("link", name="Departments").click()
    page.get_by_role("link", name="City IT").first.click()
    page.get_by_role("link", name="Name head and deputies").click()
    page.fill("[name=head]", "E2002")
    page.fill("#id_deputies", "E2001")
    page.fill("[name=reason]", "The first head and deputy of City IT")
    page.get_by_role("button", name="Name head and deputies").click()
    page.get_by_text("were named").wait_for()


def step(page: Any, title: str) -> Any:
    """A step of the setup, opened."""
    item = page.locator("li", has_text=title)
    if item.locator("summary").count():
        item.locator("summary").click()
    return item


def letter(page: Any, home: str, number: str) -> str:
    """The first half, from the printed page of the letter."""
    page.goto(f"{home}/access/people/{number}/invite/")
    page.fill("[name=reason]", "First sign-in of who leads City IT")
    page.get_by_role("button", name="Make 1 letter").click()
    return half(page.inner_text("main"))


def half(text: str) -> str:
    return next(word for word in text.split() if word.count("-") == 3 and len(word) == 19)


def owner_hands_over(data: Path, number: str) -> str:
    """Nobody else has signed in yet: the page names this command."""
    return half(civicmail("access", "hand-over", number, "--reason", "handed over in person", data=data).stdout.decode())


def hands_over(page: Any, home: str) -> str:
    page.goto(home)
    page.get_by_role("link", name="Hand over").first.click()
    page.fill("[name=reason]", "I know her, and have seen her card")
    page.locator("main button").last.click()
    return half(page.inner_text("main"))


def opened(browser: Any, home: str, first: str, second: str) -> Any:
    page = person(browser)
    page.goto(f"{home}/accounts/welcome/")
    page.fill("[name=first]", first)
    page.fill("[name=second]", second)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Set a passkey").click()
    page.wait_for_url(f"{home}/")
    return page


def asks(page: Any, home: str, number: str) -> None:
    page.goto(f"{home}/access/requests/new/?person={number}")
    for name in ("duties", "performance", "efficiency", "service"):
        page.fill(f"[name={name}]", WHY)
    page.get_by_role("button", name="Send for approval").click()
    page.get_by_text("was sent to").wait_for()


def approves(page: Any, home: str) -> None:
    page.goto(home)
    page.get_by_role("link", name="Answer requests for access").click()
    page.get_by_role("button", name="Approve access").click()
    page.wait_for_load_state()


def writes(page: Any, home: str) -> None:
    page.goto(f"{home}/mail/write/")
    page.fill("#id_to", "olga.lund@city.example")
    page.fill("[name=subject]", "The first message")
    page.fill("[name=text]", "It works.")
    page.get_by_role("button", name="Send").first.click()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)
