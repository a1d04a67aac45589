"""Mail of strangers and employees meets screening and rules: what sender, recipient and archive each see (P-02, P-25, P-26)."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from civicmail.city.policy import active_rules
from civicmail.city.snapshot.credentials import device_key
from civicmail.city.snapshot.published_snapshot import publish
from civicmail.core.config.clock import now_ms
from civicmail.desk.oversight import emergencies, rule_text
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture, Event, Type
from neighbours.authority import Authority
from neighbours.civic import Civicmail, civicmail
from neighbours.milters import LIKELY, Rspamd
from neighbours.tools import swaks
from neighbours.virusscanner import EICAR, MARK, Clamd
from stories.test_people_send import ANN, AUTH, BOB, people

pytestmark = pytest.mark.neighbour("swaks", "openssl", "clamd", "rspamd", "setpriv")

ALL = '["authentication", "spam", "files", "links", "names", "confidential", "use"]'
CAROL = "carol@vendor.test"


@dataclass
class City:
    """The program with everything on, its virus scanner, and its people."""

    running: Civicmail
    clamd: Clamd
    rspamd: Rspamd

    def send(self, *flags: str, to: str = BOB, sender: str = CAROL, inside: bool = False) -> tuple[str, str]:
        """What the client heard at the end, and the capture id in it."""
        port = self.running.submission if inside else self.running.mx
        door = ("--tls", "--auth", "PLAIN", *AUTH) if inside else ()
        said = swaks(port, *door, *flags, to=to, sender=ANN if inside else sender).stdout
        reply = [line for line in said.splitlines() if re.match(r"<[-~*][ *]*\d{3} ", line)][-2]
        found = re.search(r"(?:archived|decision)=([0-9a-f-]{36})", reply)
        return re.sub(r"^<[-~*][ *]*", "", reply), found[1] if found else ""

    def capture(self, id_: str) -> Capture:
        return Machine(self.running.data).capture(uuid.UUID(id_).bytes)

    def decided(self, id_: str) -> list[Event]:
        return [e for e in Machine(self.running.data).events(uuid.UUID(id_).bytes) if e.type == Type.DECIDED]

    def readers(self) -> list[int]:
        """The limited processes that read for the gateway."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if b"civicmail.mail.screening.reader_request" not in (path / "cmdline").read_bytes():
                    continue
                parent = (path / "stat").read_text().rpartition(")")[2].split()[1]
                said = Path(f"/proc/{parent}/cmdline").read_bytes()
                if f"{self.running.data}".encode() in said and b"gateway" in said:  # those of the worker would stay stopped
                    found.append(int(path.name))
            except OSError:
                continue
        return found

    def queue(self, id_: str) -> list[dict[str, object]]:
        said = civicmail("queue", "list", "--json", data=self.running.data).stdout
        return [row for line in said.splitlines() if (row := json.loads(line))["id"] == id_]

    def arrives(self, id_: str, address: str = BOB, seconds: float = 60) -> bytes:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := [m for m in self.running.mailbox(address) if id_.encode() in m]:
                return found[0]
            time.sleep(0.05)
        raise AssertionError(f"{id_} did not come to {address}: {self.queue(id_)} {self.running.log()[-2000:]}")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    authority = Authority(tmp_path_factory.mktemp("tls"))
    certificate, key = authority.issue("mail.city.example")
    with Clamd() as clamd, Rspamd(asked=True) as rspamd, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        running = Civicmail(
            tmp_path_factory.mktemp("screened") / "data",
            people=f'certificate = "{certificate}"\nkey = "{key}"',
            listener='xclient = ["127.0.0.1"]',
            screening__checks=ALL,
            screening__seconds="6",  # what hangs is waited for that long; a busy machine starts a reader in it
            screening__resolver=f'["127.0.0.1:{silent.getsockname()[1]}"]',
            screening__clamd=clamd.address,
            screening__rspamd=f"http://127.0.0.1:{rspamd.asked}",
            web__url="https://mail.city.example",
        )
        publish(running.data, people(device_key(running.data), 1))
        with running:
            found = City(running, clamd, rspamd)
            end = time.monotonic() + 60
            while "unavailable" in found.capture(found.send()[1]).facts:  # until the readers are warm
                assert time.monotonic() < end, running.log()[-2000:]
            yield found


def mail(path: Path, *, to: str = BOB, subject: str = "hello", attached: tuple[str, bytes] | None = None, **fields: str) -> str:
    """A file for swaks."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = fields.get("from_", f"Carol <{CAROL}>"), to, subject
    message["Message-ID"] = f"<{uuid.uuid4()}@vendor.test>"
    message.set_content(fields.get("text", "Here is what you asked for.\n"))
    if attached:
        message.add_attachment(attached[1], maintype="application", subtype="octet-stream", filename=attached[0])
    path.write_bytes(message.as_bytes())
    return f"@{path}"


def test_ordinary_mail_arrives_with_what_is_told_of_it(city: City, tmp_path: Path) -> None:
    reply, id_ = city.send("--data", mail(tmp_path / "m"))
    assert reply.startswith("250")
    got = city.arrives(id_)
    assert b"Here is what you asked for." in got
    capture = city.capture(id_)
    assert capture.facts["from.domain"] == "vendor.test" and capture.facts["inbound"] is True
    assert "unavailable" not in capture.facts, [f for f in capture.findings if f.code == "unavailable"]
    assert any(f.check == "screening" and "clamav/" in f.mask for f in capture.findings)


def test_the_citys_own_domain_from_outside_is_refused_with_a_number_and_a_clause(city: City) -> None:
    """The stranger hears no, with what, clause, whom to ask and where it is read; a sample is kept."""
    reply, id_ = city.send("--h-From", "Mayor <mayor@city.example>", sender="mayor@city.example")
    assert reply.startswith("550 5.7.1") and "(P-26)" in reply and f"decision={id_}" in reply
    assert reply.endswith(f"https://mail.city.example/decision/{id_}/")
    capture = city.capture(id_)
    assert capture.class_ == "refused" and [d.do for d in capture.dispositions] == ["refuse"]
    assert "own-domain-outside" in capture.dispositions[0].rules and city.queue(id_) == []


def test_a_program_in_an_archive_is_kept_back_and_its_sender_hears_nothing(city: City, tmp_path: Path) -> None:
    reply, id_ = city.send("--data", mail(tmp_path / "m", attached=("invoice.exe", b"MZ" + bytes(200) + b"PE\0\0" + bytes(200))))
    assert reply.startswith("250")
    (row,) = city.queue(id_)
    assert row["state"] == "held" and row["do"] == "quarantine"
    assert "executable" in city.capture(id_).dispositions[0].rules and city.running.mailbox(BOB) is not None
    traced = civicmail("show", id_, "--trace", data=city.running.data).stdout.decode()
    assert "quarantine" in traced and "executable" in traced


def test_malware_is_kept_back_from_outside_and_from_inside(city: City, tmp_path: Path) -> None:
    for inside in (False, True):
        words = mail(tmp_path / "m", attached=("a.bin", EICAR), from_="Ann Miller <ann@city.example>" if inside else f"<{CAROL}>")
        reply, id_ = city.send("--data", words, inside=inside)
        assert reply.startswith("250") and city.queue(id_)[0]["do"] == "quarantine"
        assert city.capture(id_).facts["malware.found"]


def test_a_colleagues_name_from_outside_is_delivered_with_a_warning(city: City, tmp_path: Path) -> None:
    """The reader's program sees it in the header, and the record says what was added."""
    reply, id_ = city.send("--data", mail(tmp_path / "m", from_="Bob Baker <bob.baker@freemail.test>"))
    assert reply.startswith("250")
    got = city.arrives(id_)
    assert re.search(rb"^Civicmail-Notice: staff-name; decision=%s" % id_.encode(), got, re.M)
    assert civicmail("show", id_, "--as-sent", BOB, data=city.running.data).stdout == got


def test_a_sign_of_phishing_is_delivered_with_a_line_that_says_which(city: City, tmp_path: Path) -> None:
    """Nothing is kept back; the reader sees why to look twice, and the record what was seen."""
    text = "Your account was suspended. Prove who you are: https://t.co/abc\n"
    reply, id_ = city.send("--data", mail(tmp_path / "m", from_="PayPal Support <help@vendor.test>", text=text))
    assert reply.startswith("250")
    got = city.arrives(id_)
    for mark in (b"hidden-host", b"company-name"):
        assert re.search(rb"(?m)^Civicmail-Notice: %s; decision=%s" % (mark, id_.encode()), got)
    assert b"[City mail: The sender uses the name of a company" in got
    capture = city.capture(id_)
    assert capture.facts["phishing.signs"] == ("company", "shortener")
    assert {(f.code, f.mask) for f in capture.findings if f.check == "phishing"} == {
        ("company", "paypal help@vendor.test"),
        ("shortener", "t.co"),
    }


def test_mail_to_ones_own_account_is_told_from_mail_to_a_constituent(city: City, tmp_path: Path) -> None:
    """P-11: both go, at the same provider and under the same family name; only one of them is noticed, and only in its record."""
    for to, own in (("ann.miller77@gmail.com", True), ("al.miller@gmail.com", False)):
        words = mail(tmp_path / "m", to=to, subject="Fwd: budget", from_="Ann Miller <ann@city.example>")
        reply, id_ = city.send("--data", words, to=to, inside=True)
        assert reply.startswith("250")
        (found,) = city.capture(id_).dispositions
        assert found.do == "deliver" and ("notify:own-account" in found.rules) == own
        assert found.facts["recipient.consumer"] is True and found.facts.get("recipient.own", False) is own


def test_a_colleague_who_writes_from_web_mail_is_marked_and_a_constituent_of_that_name_is_not(city: City, tmp_path: Path) -> None:
    """P-11: to colleagues of the same department; whoever writes to somebody of their own name may be a namesake."""
    reply, id_ = city.send("--data", mail(tmp_path / "m", to=ANN, from_="Bob Baker <bob.baker7@gmail.com>"), to=ANN)
    assert reply.startswith("250") and b"official-web-mail" in city.arrives(id_, ANN)
    assert city.capture(id_).facts["webmail.official"] is True
    reply, id_ = city.send("--data", mail(tmp_path / "m", to=BOB, from_="Bob Baker <bob.baker7@gmail.com>"), to=BOB)
    assert reply.startswith("250") and b"official-web-mail" not in city.arrives(id_)
    assert "webmail.official" not in city.capture(id_).facts


def test_what_a_mailbox_rule_would_send_out_is_kept_where_its_owner_finds_it(city: City, tmp_path: Path) -> None:
    """P-11: the same letter without the mark of a rule leaves."""
    to = "al@home.test"
    for mark, do in (f"X-Forwarded-For: {ANN} {to}\r\n", "quarantine"), ("", "deliver"):
        mail(tmp_path / "m", to=to, from_="Ann Miller <ann@city.example>")
        (tmp_path / "m").write_bytes(mark.encode() + (tmp_path / "m").read_bytes())
        reply, id_ = city.send("--data", f"@{tmp_path / 'm'}", to=to, inside=True)
        assert reply.startswith("250") and [row["do"] for row in city.queue(id_)] == [do]
        assert ("forwarded-out" in city.capture(id_).dispositions[0].rules) == (do == "quarantine")


def test_a_second_opinion_is_recorded_and_nobody_waits_for_one_that_is_gone(city: City, tmp_path: Path) -> None:
    """P-02: by the fail matrix mail goes on without Rspamd, and the receipt says that it was not asked."""
    _, id_ = city.send("--data", mail(tmp_path / "a", text=f"{LIKELY.decode()}\n"))
    assert city.capture(id_).facts["spam.others"] > 0
    city.rspamd.stop()
    reply, id_ = city.send("--data", mail(tmp_path / "b"))
    assert reply.startswith("250") and "rspamd" in city.capture(id_).facts["unavailable"]
    city.arrives(id_)
    city.rspamd.start()


def test_a_scanner_that_is_stopped_lets_nothing_in_or_out_unscanned_and_nothing_is_lost(city: City, tmp_path: Path) -> None:
    """Promise 6: from outside and to outside it waits, inside it is delivered with a mark; all is decided when the
    scanner is back."""
    city.clamd.kill()
    ours = "Ann Miller <ann@city.example>"
    _, inward = city.send("--data", mail(tmp_path / "a"))
    _, harmful = city.send("--data", mail(tmp_path / "b", text=f"{MARK.decode()}\n"))
    _, inside = city.send("--data", mail(tmp_path / "c", from_=ours), inside=True)
    _, outward = city.send("--data", mail(tmp_path / "d", from_=ours, to=CAROL), to=CAROL, inside=True)
    assert re.search(rb"^Civicmail-Notice: unchecked; decision=", city.arrives(inside), re.M)
    for id_ in (inward, harmful, outward):
        assert [row["do"] for row in city.queue(id_)] == ["pending"], id_
        assert "clamav" in city.capture(id_).facts["unavailable"]
    city.running.end_child("--job mail", signal.SIGKILL)
    city.clamd.start()
    city.arrives(inward)
    city.running.wait(lambda _: bool(city.decided(harmful) and city.decided(inside) and city.decided(outward)))
    assert city.queue(harmful)[0]["do"] == "quarantine" and not [m for m in city.running.mailbox(BOB) if harmful.encode() in m]
    assert city.decided(inside)[-1].facts["do"] == "deliver"
    assert city.queue(outward)[0]["do"] == "deliver", "it waits for a next hop now"
    assert b'"problems":[]' in civicmail("verify", data=city.running.data).stdout


def test_names_that_nobody_looks_up_for_us_leave_mail_with_whoever_sends_it(city: City) -> None:
    """451 and nothing kept, where DNS is silent and nobody's sender can be proven."""
    before = Machine(city.running.data).count()
    reply, id_ = city.send("--xclient-addr", "203.0.113.7", "--xclient-name", "out.vendor.test")
    assert reply.startswith("451 4.7.1") and id_ == ""
    assert Machine(city.running.data).count() == before


def test_a_reader_that_hangs_lets_nothing_in_or_out_unread(city: City, tmp_path: Path) -> None:
    """Its client waits for some seconds, not for ever; what waits is read by the next process."""
    ours = "Ann Miller <ann@city.example>"
    city.send("--data", mail(tmp_path / "warm"))  # another test may have ended the last reader
    stopped = city.readers()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        assert stopped
        _, inward = city.send("--data", mail(tmp_path / "a"))
        kept = city.capture(inward)  # as it was when it came: the worker may have read it by now
        assert [d.do for d in kept.dispositions] == ["pending"] and "read" in kept.facts["unavailable"]
    finally:
        for pid in stopped:
            with suppress(ProcessLookupError):  # who asked it has ended it
                os.kill(pid, signal.SIGKILL)
    reply, inside = city.send("--data", mail(tmp_path / "b", from_=ours), inside=True)
    assert reply.startswith("250") and "unavailable" not in city.capture(inside).facts
    city.arrives(inward)


def test_numbers_of_many_people_do_not_leave_and_the_record_has_none_of_them(city: City, tmp_path: Path) -> None:
    """P-19: the sender is told 250, the outside gets nothing, and what was seen stands in the record by kind and place."""
    numbers = [f"{212 + n}-{45 + n}-{6781 + 37 * n}" for n in range(12)]
    text = "For the pension fund:\n" + "".join(f"Social security number: {number}\n" for number in numbers)
    words = mail(tmp_path / "m", to="fund@pensions.test", text=text, from_="Ann Miller <ann@city.example>")
    reply, id_ = city.send("--data", words, to="fund@pensions.test", inside=True)
    assert reply.startswith("250")
    (row,) = city.queue(id_)
    assert (row["state"], row["do"]) == ("held", "hold")
    capture = city.capture(id_)
    assert "ssn" in capture.facts["confidential.high"] and "confidential-many" in capture.dispositions[0].rules  # type: ignore[operator]
    head = repr((capture.facts, capture.findings))
    assert not any(number in head or number.replace("-", "") in head for number in numbers)
    assert civicmail("show", id_, "--raw", data=city.running.data).stdout.decode().count("Social security number") == 12


def test_an_emergency_stops_one_attack_from_outside_and_a_refused_recipient_of_ours_comes_back_as_a_report(
    city: City, tmp_path: Path
) -> None:
    """P-25, P-29: in force within a moment, whatever stands in front of the link, and never for what employees send. Where one
    answer goes to all, whoever signed in gets a delivery report of whom rules refused, and the others their copy."""
    ours, attack = "Ann Miller <ann@city.example>", "https://pay.evil.test/now"
    text = "".join(f"See https://news.test/{n}\n" for n in range(60)) + f"Pay here: {attack}?victim=7\n"
    stop = emergencies.text(1, "url", attack, "refuse", "An attack on payroll.", now_ms() + 3_600_000)
    pack = {**rule_text.starter(), "no-shop": NO_SHOP}
    with city.running.resting("--job city"):  # which knows another book, and puts it in force within seconds
        active_rules.publish(city.running.data, rule_text.join_texts(pack, [stop]))
        end = time.monotonic() + 30
        while (heard := city.send("--data", mail(tmp_path / "a", text=text)))[0].startswith("250"):
            assert time.monotonic() < end, f"the rule does not act: {heard}"
        assert heard[0].startswith("550 5.7.1 This message belongs to an attack") and "(P-25)" in heard[0]
        stopped = city.capture(heard[1]).dispositions[0]
        assert stopped.rules[0] == "emergency-1" and city.queue(heard[1]) == []  # others may only mark whom nobody knows yet
        to = f"{BOB},x@shop.test"
        reply, id_ = city.send("--data", mail(tmp_path / "b", text=text, to=to, from_=ours), to=to, inside=True)
        assert reply.startswith("250") and b"pay.evil.test" in city.arrives(id_)
        assert {d.do for d in city.capture(id_).dispositions} == {"deliver", "refuse"}
        end = time.monotonic() + 30
        while not (reports := [m for m in city.running.mailbox(ANN) if b"multipart/report" in m and id_.encode() in m]):
            assert time.monotonic() < end, city.running.log()[-2000:]
            time.sleep(0.05)
        assert b"x@shop.test" in reports[0] and b"Action: failed" in reports[0] and b"The shop takes no mail" in reports[0]
        assert not [m for m in city.running.mailbox(BOB) if b"multipart/report" in m]
        active_rules.publish(city.running.data, rule_text.join_texts(rule_text.starter()))


NO_SHOP = """
[[rule]]
id = "no-shop"
clause = "P-29"
owner = "Test"
why = "A rule that refuses one recipient of an employee."
expires = 2027-12-31
severity = "low"
mode = "enforce"
when = 'outbound && recipient.domain == "shop.test"'
do = "refuse"
sender = "The shop takes no mail of the city."
ask = "the help desk"
[[rule.example]]
facts = { outbound = true, recipient.domain = "shop.test" }
fits = true
[[rule.example]]
facts = { outbound = true, recipient.domain = "bank.test" }
fits = false
"""


def test_what_the_city_has_learnt_to_be_spam_is_kept_back_and_what_it_knows_as_good_is_not(city: City, tmp_path: Path) -> None:
    """P-02: taught by an operator, in force without a restart; a reader's word lets a copy go."""
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder, count, text in ((good, 220, GOOD), (bad, 70, BAD)):
        folder.mkdir()
        for n in range(count):
            mail(folder / f"{n}.eml", subject=f"{text.split()[0]} {n}", text=f"{text} Number {n * 7919}.\n")
    for folder, label in ((good, "--ham"), (bad, "--spam")):
        civicmail("learn", str(folder), label, data=city.running.data)
    end = time.monotonic() + 90
    while (reply := city.send("--data", mail(tmp_path / "m", subject="prize", text=f"{BAD} Number 31.\n")))[1]:
        if "spam-band" in city.capture(reply[1]).dispositions[0].rules:  # what resembles a report is known before the model is
            break
        assert time.monotonic() < end, "nothing was learnt"
        time.sleep(1)
    assert city.queue(reply[1])[0]["do"] == "quarantine"
    kept = city.send("--data", mail(tmp_path / "m", subject="agenda", text=f"{GOOD} Number 32.\n"))
    city.arrives(kept[1])


GOOD = (
    "Agenda of the committee on streets: storm drains on Elm Street, the calendar of closures, and the budget of the crews. "
    "Please send your notes to the clerk before Thursday."
)
BAD = (
    "Prize winner! Claim your reward of 5000 dollars today, cheap pills and luxury watches at no cost. "
    "Click here to claim now, act fast, limited offer, no risk."
)
