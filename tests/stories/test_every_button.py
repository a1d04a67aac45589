"""Every button of every desk is pressed once while the city is served, with all its processes (issue 17).

A town with something in every state is laid down, `civicmail run` serves it, and whoever may use a page presses what stands there.
No button ends in an error of the program, none does nothing in silence, and what a page calls done is an entry, which the ledger
has soon after. Until then tests pressed buttons of pages alone: nobody had acted while the worker was at work.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.urls import resolve

from civicmail.city.identity.database_backup import DATABASE
from neighbours.civic import Civicmail
from pages.test_sweep import PAGES, PEOPLE, allowed
from stories.pressing import WHY, Browser, Button, Form

pytestmark = pytest.mark.timeout(900)
TESTS = Path(__file__).resolve().parents[1]
_TOWN = """
import json, sys
from pathlib import Path
from civicmail.front.cli.waits import wait_for_tables
from civicmail.front.web.start import prepare
data = Path(sys.argv[1])
prepare(data, None, wait_for_tables())
from civicmail.city.identity.actions.publishing import publish
from pages.conftest import made
from pages.test_sweep import PAGES, PEOPLE, path_of
from pages.world import signed_in
from stories.otherpaths import others
(data / "claimed").touch()
town = made(data, book=True, every=True)
publish()
sessions = {key: signed_in(town.people[key]) for key in PEOPLE}
paths = {name: path_of(page, town) for name, page in PAGES.items()}
paths |= others(town, data)
print(json.dumps({"sessions": sessions, "paths": paths}))
"""
FIRST = (
    "retention-schedules-adopt", "retention-disposal-propose", "retention-disposal-withdraw",
    "mandate-message", "mandate-hold", "mandate-exports", "mandate-export", "version-test", "replay-stop", "feed-apply",
    "feed-reject", "campaign-remind-one", "campaign-batch", "undertaking-give", "mail-message", "mail-report", "review",
    "viewing-mark", "duty-lay-down", "closure-new", "pull-ask", "mandate-export-go-on", "mandate-export-stop", "device-lost",
    "resume", "records-review", "records-redact", "records-sample", "records-item-password",
    "records-item-settle", "records-assign-items", "records-production-order",
    "records-notice-add", "records-attestation-ask",
)  # fmt: skip
LAST = (
    "rule-take-out", "suspend", "revoke", "person-move", "person-rehire", "leaver", "agency-off",
    "agency-on", "my-sessions", "records-close", "records-withdraw", "records-reopen",
)  # fmt: skip
"""Pages whose buttons others need afterwards, or take away what others need."""
ELSEWHERE = {
    "account_logout": "ends the session; tests/front/web/signin",
    "account_login": "the sign-in itself; tests/front/web/signin",
    "undertaking-give": "Northline is bound to the newest version already; tests/pages/test_sponsors.py",
    "closure-new": "an account of hers is being closed already; tests/pages/test_office_tasks.py",
    "records-item-read-again": "the newest search of the town has listed nothing; tests/desk/records/test_searches.py",
    "mandate-privileged": "no mail of the town is privileged; tests/desk/workbench/test_privilege.py",
    **dict.fromkeys(("clearance-part", "clearance-raw"), "the message was cleared before; tests/desk/workbench/test_privilege.py"),
    "mail-remind": "comes while files wait, on the page of their message; tests/desk/holding/test_sent_files.py",
    "rule-new": "its rows depend on each other; tests/desk/oversight/test_write_rule.py",
    "replay-stop": "the worker may have ended it by then; tests/desk/oversight",
    "mandate-export-stop": "the worker is woken by going on, and may have ended it by then; tests/desk/workbench",
    "review": "is pressed with ticks of the page before; tests/pages/test_tasks.py",
    "mandate-urgent": "is the second page of an urgent look; tests/pages/test_tasks.py",
    "review-alike": "comes where rows are alike; tests/pages/test_evidence_of_use.py",
    "review-rest": "comes when exceptions are answered; tests/pages/test_reviewer.py",
    "my-sessions": "has one session; tests/front/web/signin",
    "records-production-continue": "the worker may have begun it again by then; tests/desk/records/test_production_pages.py",
    "records-search-order": "a search is under way already; tests/desk/records/test_searches.py",
}
"""Buttons that are not pressed here -> why."""
SAID: dict[str, dict[str, str]] = {
    "feed-apply": {"count": "1"},
    "program-token-add": {"scopes": "read:me"},
    "protect": {"person": "p-crew7"},
    "alias-add": {"address": "works.desk@city.example"},
    "list-new": {"address": "all.works@city.example"},
    "conflict-new": {"first": "system-administrator", "second": "examiner"},
    "retention-hold-place": {"query": "storm"},
    "privileged-new": {"address": "counsel@firm.example"},
    "mandate-new": {"people": "dana.ortiz@city.example"},
    "mail-draft": {"who": "", "to": "lena.vogt@city.example", "subject": "Detour", "text": "The detour is signed."},
    "mail-draft do=add": {"who": "Lena Vogt"},
    "rule-edit": {"changed": WHY},
    "emergency-new": {"value": "billing@shop.example"},
    "approval": {"to": "0"},
    "records-notice-add": {"items": "", "decided": ""},
    "records-notice-serve": {"sent": ""},
    "review-stand-in": {"to": "p-deputy", "day": (date.today() + timedelta(days=5)).isoformat()},
    "left": {"choice": "nothing"},
    "outside-give": {"people": "p-crew1 L-77"},
    "violation-new": {"person": "p-crew1"},
    "records-charge-new": {"amount": "2", "rate": ""},
    "records-charges-reduce": {"amount": "1"},
    "records-payment": {"amount": "2"},
    "violation-record": {"evidence": "01a2150e-cece-7bb2-86d0-6e9539f71918"},
}
"""What is typed where the first thing that comes to mind is wrong: by page, and where it has several, by button."""
REFUSED = {
    "call-off": "that end has come",
    "campaign-round": "nothing of that review is open by then",
    "campaign-batch": "nothing is held back by then",
    "department-close": "it has people",
    "department-reopen": "it is open",
    "domains": "a list of people is no report",
    "evidence-pack": "the person has to be named; tests/desk/oversight/test_evidence_pack.py",
    "feed-map": "the columns have to be chosen by somebody who knows them; tests/pages/test_feeds.py",
    "mail-text": "its files were answered before",
    "mailbox-renew": "it was closed before",
    "mandate-export-file": "the file was never made: the row stands for it; tests/stories/test_request_answered.py",
    "mandate-seal": "that ground is not sealed",
    "outside-close": "people get in there",
    "overlap": "nobody has moved",
    "quarantine-together": "the same copy was let go alone before",
    **dict.fromkeys(("review-not-mine", "review-unsure"), "all rows of hers were answered before"),
    "records-about-requester": "the request is for records about others",
    "records-assign": "the first person of the list has no role of the records office",
    "records-assign-items": "the first person of the list reviews no requests",
    "records-format-decline": "it was answered before",
    "records-item-password": "whoever is named did not have that message",
    "records-letter-decide": "its text is not whole; tests/desk/records/test_letters.py",
    "records-letter-send": "its reason is not written",
    "records-letter-submit": "a status needs no approval",
    "records-production-order": "documents are undecided",
    "records-production-decide": "its files are not those of the row; tests/desk/records/test_productions.py",
    "records-production-release": "a notice to a person is not over",
    "records-production-stop": "that production has ended by then",
    "records-publish": "that production was not released; tests/desk/records/test_reading_room.py",
    "records-reopen": "that request is open, or withdrawn for good",
    "records-reply-attach": "the number of a request is typed by somebody who knows it; tests/desk/records/test_mail_intake.py",
    "records-reply-request": "it was answered before",
    "records-withdraw": "that request is closed by then",
    "records-writing": "it was made in writing",
    "rule-edit": "a version was proposed by the other button before",
    "rule-take-out": "a version is on its way",
    "version-edit": "it tells employees for ten working days first",
    "undertaking": "is bound already",
}
"""Pages whose button is refused in this town, in words -> why that is right."""
UNRECORDED = {
    **dict.fromkeys(("view-delete", "view-save", "letter-keys", "language", "preferences"), "of one's own pages"),
    **dict.fromkeys(
        ("mail-keep", "mail-labels", "mail-label", "mail-unlabel", "mail-signature"), "of one's own lists, and nobody's mail"
    ),
    **dict.fromkeys(("mail-draft", "mail-draft-people", "mail-draft-discard"), "a draft is its person's; what is sent is archived"),
    "mail-report": "is a row of the desk of incidents, which has the entry when somebody looks",
    "person-change": "nothing was different",
}
"""Pages that say that something is done without an entry -> why."""
TOLD_MOST = 30
"""Seconds in which the ledger has an entry."""


class City:
    """The town while it is served."""

    def __init__(self, data: Path) -> None:
        self.civic = Civicmail(data, web__serve="true")
        env = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"} | {"PYTHONPATH": str(TESTS)}
        done = subprocess.run([sys.executable, "-c", _TOWN, str(data)], capture_output=True, text=True, timeout=120, env=env)
        assert done.returncode == 0, done.stderr[-3000:]
        made = json.loads(done.stdout.splitlines()[-1])
        self.data, self.paths = data, made["paths"]
        self.browsers = {key: Browser(self.civic.ports.web, session) for key, session in made["sessions"].items()}

    def entries(self) -> int:
        return self._count("SELECT count(*) FROM access_entry")

    def untold(self) -> int:
        """Entries that the ledger does not have yet."""
        return self._count(
            "SELECT count(*) FROM access_entry e LEFT JOIN access_carried c ON c.entry_id = e.id WHERE c.entry_id IS NULL"
        )

    def _count(self, query: str) -> int:
        with closing(sqlite3.connect(self.data / DATABASE, timeout=30)) as db:
            return int(db.execute(query).fetchone()[0])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[City]:
    city = City(tmp_path / "data")
    with city.civic:
        end = time.monotonic() + 120
        while not city.civic.is_ready():
            assert time.monotonic() < end, city.civic.log()[-3000:]
            time.sleep(0.2)
        yield city


def test_every_button_of_every_desk_does_what_it_says(served: City) -> None:
    """Each page that posts is led to by a button, which does it or says in words why not; what is done is an entry."""
    pressed: dict[str, Pressed] = {}
    for name in sorted(PAGES, key=_turn):
        for who in [w for w in PEOPLE if w in allowed(PAGES[name])][:3]:
            _press_all(served, who, served.paths[name], pressed)
            if name in pressed and pressed[name].is_done:
                break
    assert {key: p for key, p in pressed.items() if p.status >= 500} == {}
    wanted = {name for name, page in PAGES.items() if page.get("post", False)}
    assert wanted - pressed.keys() - ELSEWHERE.keys() == set(), "no button leads there"
    assert {name: pressed[name] for name in pressed if not _is_honest(name, pressed[name])} == {}
    silent = {name for name, p in pressed.items() if p.says_done and not p.entries and name.partition(" ")[0] not in UNRECORDED}
    assert silent == set(), "says that it is done, and there is no entry"
    end = time.monotonic() + TOLD_MOST
    while served.untold() and time.monotonic() < end:
        time.sleep(0.5)
    assert served.untold() == 0, "the ledger has every entry"


def _is_honest(name: str, p: Pressed) -> bool:
    """Done, or refused in words where that is right."""
    page = name.partition(" ")[0]
    return p.is_done or page in ELSEWHERE or (page in REFUSED and p.status in (409, 422) and bool(p.notes or p.title))


def _turn(name: str) -> int:
    return FIRST.index(name) - len(FIRST) if name in FIRST else LAST.index(name) + 1 if name in LAST else 0


@dataclass
class Pressed:
    """What came of one button: the status of the page that came, whether it led on, how many entries there are since, and what
    the page says on top, and its title."""

    status: int
    led_on: bool
    entries: int
    notes: list[tuple[str, str]]
    title: str
    where: str

    @property
    def is_done(self) -> bool:
        return self.status == 200 and not any(words.startswith("There is a problem") for _, words in self.notes)

    @property
    def says_done(self) -> bool:
        return self.led_on and any(role == "done" for role, _ in self.notes)


def _press_all(city: City, who: str, path: str, pressed: dict[str, Pressed]) -> None:
    """Each button of the page that was not pressed so far; the page is opened anew for each, because the one before has changed
    it."""
    browser = city.browsers[who]
    while True:
        page = browser.get(path)
        if page.status >= 500:
            pressed[f"GET {path}"] = Pressed(page.status, False, 0, [], "", who)
        new = next(((f, b, key) for f in page.forms.found for b in f.buttons if (key := _key(f, b)) not in pressed), None)
        if new is None:
            return
        form, button, key = new
        before, name = city.entries(), key.partition(" ")[0]
        if name in ELSEWHERE:
            pressed[key] = Pressed(0, False, 0, [], "", who)
            continue
        answer = browser.press(form, button, SAID.get(key) or SAID.get(name, {}))
        found = Pressed(
            answer.status, answer.sent_on, city.entries() - before, answer.forms.notes, answer.title, f"{who} at {path}"
        )
        pressed[key] = found
        if name not in pressed or not pressed[name].is_done:
            pressed[name] = found


def _key(form: Form, button: Button) -> str:
    """The page that it is sent to, and what the button says besides."""
    name = str(resolve(urlsplit(form.to(button)).path).url_name)
    return f"{name} {button.name}={button.value}" if button.name else name
