"""One of two files leaves for one of three recipients on a manager's word from a phone, for the others on the deputy's of another
day: what comes out behind a real Postfix is what was approved, and nothing else ever (issue 8, acceptance 2; P-22)."""

from __future__ import annotations

import email
import re
import smtplib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import Page

from civicmail.city.guard import working_days
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.models import Device
from civicmail.city.notices.models import Notice
from civicmail.city.snapshot.credentials import device_key, mac, new_password
from civicmail.city.snapshot.published_snapshot import mark_database_alive
from civicmail.core.config.load import load
from civicmail.desk.holding.actions import publish_approvals
from civicmail.desk.holding.models import Approval
from civicmail.front.worker import processes
from desk.holding.leaving import ACME, DOT, LENA, OWL, PDF, Bureau, bureau, written
from neighbours import postfix
from neighbours.authority import Authority
from neighbours.civic import Civicmail
from neighbours.tools import Sink
from pages.conftest import browse as browse
from pages.conftest import browser_type_launch_args as browser_type_launch_args
from pages.looks import violations
from pages.world import carry
from stories.test_written import seen

pytestmark = [
    pytest.mark.neighbour("chromium", "postfix", "smtp-sink", "openssl", "root"),
    pytest.mark.django_db(transaction=True),
]
DANA, PASSWORD = "dana.ortiz@city.example", new_password()
COSTS, PLAN = PDF + b"costs", PDF + b"plan"


@pytest.fixture
def later() -> Iterator[Callable[[datetime], None]]:
    """Puts the clock on; it goes on from there until everything else of the story has ended."""
    begun: list[time_machine.travel] = []

    def put(when: datetime) -> None:
        begun.append(time_machine.travel(when, tick=True))
        begun[-1].start()

    yield put
    for one in begun:
        one.stop()


@contextmanager
def delivering(data: Path) -> Iterator[None]:
    """The courier works all the time."""
    stop = threading.Event()
    thread = threading.Thread(target=processes.run, args=("courier", load(data), data, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)


@contextmanager
def city(data: Path, town: Any, tls: Path, settings: Any) -> Iterator[tuple[Bureau, Civicmail, Sink]]:
    """Dana has a mail program; a gateway of its own process takes what she sends, and a Postfix takes what leaves."""
    certificate, key = Authority(tls).issue("mail.city.example")
    people = f'certificate = "{certificate}"\nkey = "{key}"'
    Device.objects.create(person=town.people["crew0"], key="phone", mac=mac(device_key(data), PASSWORD), made=town.now)
    with Sink(keep=True) as world, postfix.smart_host(world.port) as host:
        running = Civicmail(data, "gateway", next_hop=host.port, people=people, screening__checks='["files"]')
        settings.CITY = load(data)
        with bureau(data, town, on=False) as files:
            publish_approvals.publish_standing(files.desk.now)
            with running, delivering(data):
                yield files, running, world


def post(city: Civicmail, *to: str, files: dict[str, bytes]) -> str:
    """Dana sends it from her mail program; the capture's number, which the server names."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # whose it is is no part of this story
    with smtplib.SMTP_SSL("127.0.0.1", city.implicit, timeout=60, context=context) as client:
        client.login("crew0@city.example", PASSWORD)
        client.mail(DANA)
        for address in to:
            assert client.rcpt(address)[0] == 250
        code, said = client.data(written(DANA, to, files, "Dana Ortiz"))
    found = re.search(rb"archived=([0-9a-f-]{36})", said)
    assert code == 250 and found is not None, said
    return found[1].decode()


def asked(files: Bureau, capture: str) -> Approval:
    files.hear()
    return Approval.objects.get(capture=capture)


def left(world: Sink, *to: str) -> dict[str, list[str]]:
    """Recipient -> SHA-256 of the files that it got, once these have something."""
    end, found = time.monotonic() + 60, dict[str, list[str]]()
    while not found.keys() >= set(to) and time.monotonic() < end:
        time.sleep(0.1)
        found = {}
        for raw in world.messages():
            parts = email.message_from_bytes(raw).walk()
            digests = [sha256(p.get_payload(decode=True)).hexdigest() for p in parts if p.get_filename()]  # type: ignore[arg-type]
            for address in re.findall(rb"(?im)^X-Rcpt-Args: <([^>]+)>", raw):
                found.setdefault(address.decode(), []).extend(digests)
    return found


def notes(world: Sink) -> set[str]:
    """What recipients read in place of files."""
    parts = [part for raw in world.messages() for part in email.message_from_bytes(raw).walk()]
    texts = [p.get_payload(decode=True).decode() for p in parts if p.get_content_type() == "text/plain"]  # type: ignore[union-attr]
    return {text for text in texts if "not approved" in text}


def says(page: Page, row: Approval, answer: str, *chosen: str, why: str = "") -> None:
    page.goto(f"{page.url.partition('/holding/')[0]}/holding/approvals/{row.pk}/")
    assert page.get_by_role("checkbox", checked=True).count() == 0, "nothing is chosen beforehand"
    if not page.get_by_label("Why?").is_visible():
        page.locator("summary", has_text=re.compile("or deny|Deny, or")).click()
    for name in chosen:
        page.locator("label", has_text=name).click()  # the box itself is drawn beside what a finger hits
    page.get_by_label("Why?").fill(why)
    page.get_by_role("button", name=answer, exact=True).click()
    seen(page.get_by_text("Your answer is recorded"))


def morning(files: Bureau, later: Callable[[datetime], None]) -> None:
    """It is eleven o'clock of the next working day, and the worker has looked."""
    when = working_days.end_of_next(timezone.localtime(), []) - timedelta(hours=13)
    later(when.astimezone(UTC))
    files.desk.now = epoch_ms(when)
    files.desk.publish()
    mark_database_alive(files.data, epoch_ms(when))
    files.hear()
    carry(when)


def test_one_of_three_by_the_manager_on_a_phone_and_two_by_the_deputy_another_day(
    later: Callable[[datetime], None], browse: Callable[..., Any], installed: Path, settings: Any, tmp_path: Path
) -> None:
    """320 px, without script; the parts that leave are those that were approved, byte for byte."""
    head: Page = browse("head", "/holding/approvals/", width=320, script=False)
    bid = sha256(PDF).hexdigest()
    with city(installed, head.town, tmp_path / "tls", settings) as (files, running, world):  # type: ignore[attr-defined]
        row = asked(files, post(running, LENA, ACME, DOT, OWL, files={"bid-14.pdf": PDF, "plan.pdf": PLAN}))
        costs = asked(files, post(running, ACME, DOT, files={"costs.pdf": COSTS}))
        carry(timezone.now())
        head.reload()
        seen(head.get_by_text(OWL))
        says(head, row, "Approve ticked files", DOT, "bid-14.pdf")
        says(head, costs, "Deny", ACME, DOT, why="These are estimates that nobody has checked.")
        assert left(world, DOT) == {DOT: [bid]} == {DOT: [row.parts[0][3]]}
        running.wait(lambda _: bool(running.mailbox(LENA)))
        assert head.evaluate("document.scrollingElement.scrollWidth") <= 320

        morning(files, later)
        assert Notice.objects.filter(key__startswith="approval-waits:", to="kim.boyd@city.example").exists()
        deputy: Page = browse("deputy", f"/holding/approvals/{row.pk}/")
        seen(deputy.get_by_text("bid-14.pdf").first)
        seen(deputy.get_by_text("by Rosa Hale").first)
        assert violations(deputy, "none") == []
        with deputy.expect_download() as got:
            deputy.get_by_role("button", name="Open file 1").click()
        assert Path(got.value.path()).read_bytes() == PDF
        says(deputy, row, "Approve ticked files", ACME, OWL, "bid-14.pdf")
        assert left(world, ACME, OWL) == {to: [bid] for to in (DOT, ACME, OWL)}, "of the plan and the costs nothing, to nobody"
        assert len(notes(world)) == 1 and "“plan.pdf”" in notes(world).pop()
        assert files.copies(costs) == {ACME: "cancelled", DOT: "cancelled"}
