"""A served city with a records office under a law pack, and mail that arrived through its gateway: for stories of a request."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import date, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from civicmail.front.sample.mail import Posting
from civicmail.front.sample.smtp_client import SmtpClient
from neighbours import forkserver
from neighbours.civic import Civicmail
from stories.pressing import Answer, Browser
from stories.townhall import PASSWORD, run, townhall

TESTS = Path(__file__).resolve().parents[1]
SECONDS = 120
"""Until a worker has done what it was asked for, on a slow machine."""
OFFICER, COUNSEL = "e-5", "e-7"
"""Rita, who works on requests; Cora, the city attorney, who approves."""
_AS_RITA = ("--as", OFFICER, "--duty", "records-officer", "--reason", "the council adopted it")
_COUNSEL = """
cora = person("e-7", "Cora", "Blum", Department.objects.get(code="it"), password={password!r})
authorize(cora, (Person.objects.get(uid="e-2"), Person.objects.get(uid="e-3")))
accept(cora)
grant = RoleAssignment.objects.create(person=cora, role="city-attorney", starts=now - timedelta(days=1),
                                      until=now + timedelta(days=90), by="e-1", reason="the council appointed her")
RoleActivation.objects.create(grant=grant, reason="requests for records", at=now, until=now + timedelta(hours=3))
publish()
"""
_SESSIONS = """
import sys
sys.path.insert(0, {tests!r})
from pages.world import signed_in
for uid in ("e-5", "e-7"):
    print(signed_in(Person.objects.get(uid=uid)))
"""


class RecordsOffice:
    """`civicmail run` with all workers, the pages at `home`. law: name of the pack that the city adopted."""

    def __init__(self, place: Path, law: str) -> None:
        self.data = place / "data"
        self.civic = Civicmail(self.data)
        self.home = f"http://localhost:{self.civic.ports.web}"
        self.civic.set(web__serve="true", web__url=self.home)
        claim = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
        self.run(*claim, "--reason", "the council decided so")
        self._token = townhall(self.data).records
        run(self.data, _COUNSEL.format(password=PASSWORD))
        self.run("law", "adopt", law, *_AS_RITA)

    def run(self, *arguments: str) -> str:
        """What a command says; Rita's token is there."""
        environ = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        environ["CIVICMAIL_TOKEN_FILE"] = str(self.data.with_name("records.token"))
        done = forkserver.run([*arguments, "--data", str(self.data)], timeout=SECONDS, env=environ)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def browsers(self) -> tuple[Browser, Browser]:
        """Browsers without script of Rita and of Cora, who are signed in."""
        rita, cora = run(self.data, _SESSIONS.format(tests=str(TESTS))).split()
        return Browser(self.civic.ports.web, rita), Browser(self.civic.ports.web, cora)

    def holds(self) -> str:
        """The holds of the archive, as `civicmail hold list` names them."""
        return self.run("hold", "list", *_AS_RITA)

    def send(self, mail: Sequence[EmailMessage]) -> None:
        """Each message through the gateway, and until the archive finds all of it."""
        with closing(SmtpClient(self.civic.mx)) as postman:
            for message in mail:
                said = postman.send(
                    Posting(str(message["From"].addresses[0].addr_spec), [message["To"]], message.as_bytes(policy=policy.SMTP))
                )
                assert said.accepted, said
        self.civic.wait(captures=len(mail), seconds=SECONDS)


@contextmanager
def records_office(place: Path, law: str) -> Iterator[RecordsOffice]:
    with ExitStack() as until:
        office = RecordsOffice(place, law)
        until.enter_context(office.civic)
        wait_until(office.civic.is_ready, lambda: office.civic.log()[-3000:])
        yield office


def pressed(browser: Browser, path: str, said: dict[str, str], button: str = "") -> Answer:
    """The page that comes after a button of the last form that has the first of these fields. button: the value that it sends."""
    forms = [form for form in browser.get(path).forms.found if {*list(said)[:1]} <= {field.name for field in form.fields}]
    found = [(form, one) for form in forms for one in form.buttons if one.value == button]
    assert found, f"{path} has no such button"
    answer = browser.press(*found[-1], said)
    assert answer.status == 200, (path, button, answer.forms.notes)
    return answer


def letter(number: int, subject: str, body: str, *, answers: int = 0) -> EmailMessage:
    """Mail of a resident to Rosa. answers: the number of the letter that it answers."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ann Lee <ann@home.example>", "rosa.hale@city.example", subject
    message["Date"], message["Message-ID"] = "Thu, 12 Nov 2026 14:05:00 -0600", f"<{number}@home.example>"
    if answers:
        message["In-Reply-To"] = message["References"] = f"<{answers}@home.example>"
    message.set_content(body)
    return message


def today() -> date:
    """In the city's time zone, by which its days are counted."""
    return datetime.now(ZoneInfo("America/Chicago")).date()


def wait_until[Found](condition: Callable[[], Found], what: Callable[[], str], seconds: float = SECONDS) -> Found:
    """What the condition gives when it gives something."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, what()
        time.sleep(0.1)
    return found
