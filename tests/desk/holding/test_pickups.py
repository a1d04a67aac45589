"""A confidential message waits in the pick-up portal: its reader opens it with a passphrase, and nobody else does (P-19)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.notices.models import Notice
from civicmail.city.pages.wording import day
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding.actions import pickups
from civicmail.desk.holding.models import PickUp, PickUpReply
from civicmail.desk.holding.views import pickup_files
from civicmail.front.worker import pickups as worker
from civicmail.mail.archive.machine import Machine
from civicmail.mail.courier import pickup_client, pickup_store
from civicmail.mail.pipeline import encryption_requests
from desk.holding.test_quarantine import words
from pages.test_spanish import left_in_english
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
URL = "https://mail.city.example"
SECRET = "copper lantern river"
MAIL = (
    b"From: Dana Ortiz <dana.ortiz@city.example>\r\nTo: pat@out.example\r\nSubject: [secure] Your file\r\n"
    b"Message-ID: <7@city.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    b"Content-Type: text/plain\r\n\r\nThe number is 078-05-1120.\r\n--b\r\nContent-Type: application/pdf\r\n"
    b'Content-Disposition: attachment; filename="file.pdf"\r\n\r\n%PDF-1.7 the whole file\r\n--b--\r\n'
)


@pytest.fixture
def portal(city: Town, installed: Path, settings: Any) -> Any:
    settings.CITY = replace(settings.CITY, web=replace(settings.CITY.web, url=URL))
    return settings.CITY


def box(
    installed: Path, city: Town, number: int = 1, mail: bytes = MAIL, login: str = "e-crew0/pages", kinds: tuple[str, ...] = ()
) -> str:
    id_ = pickup_store.box_id(bytes(16), number)
    said = {"capture": "00000000-0000-0000-0000-000000000000", "index": number, "to": "pat@out.example"}
    said |= {"sender": "dana.ortiz@city.example", "login": login, "at": epoch_ms(city.now), "kinds": list(kinds)}
    pickup_store.place(installed, id_, mail, said)
    return id_


def told(portal: Any, installed: Path, city: Town) -> tuple[PickUp, str]:
    """The worker finds the box; the row, and the path of the link in the notice."""
    worker.step(portal, installed, lambda: epoch_ms(city.now))
    notice = Notice.objects.get(key__startswith="pickup:")
    found = re.search(r"https://mail\.city\.example(/pickup/[\w-]+/)", notice.text)
    assert found is not None
    return PickUp.objects.get(), found[1]


@pytest.mark.rule("P-19", "The notice of the portal has no content; its link shows nothing and is stored as a digest.")
def test_the_notice_has_no_content_and_the_link_shows_nothing(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    box(installed, city)
    row, link = told(portal, installed, city)
    notice = Notice.objects.get()
    assert notice.to == "pat@out.example" and not {"078-05-1120", "Your file"} & set(re.split(r"[ .\n]", notice.text))
    assert "Your file" not in notice.subject and link.split("/")[2] not in (row.token, row.box)
    before = Entry.objects.count()
    shown = words(visit("").get(link))
    assert "Choose a passphrase" in shown and "078-05-1120" not in shown and "Your file" not in shown
    row.refresh_from_db()
    assert (row.state, row.tries, Entry.objects.count()) == ("waits", 0, before)
    assert visit("").get("/pickup/another/").status_code == 404
    worker.step(portal, installed, lambda: epoch_ms(city.now))
    assert PickUp.objects.count() == Notice.objects.count() == 1


@pytest.mark.rule(
    "P-19, promise 6",
    "Messages in the portal are read in a sandboxed process; one that crashes it can be downloaded whole.",
)
def test_what_brings_its_reader_down_can_be_taken_away_whole(
    portal: Any, city: Town, installed: Path, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The box is made, its page says where the text is, and nothing of it is lost."""
    html = b"\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + b"<p><b>a</b> <i>b</i> <u>c</u></p>" * 800_000
    heavy = MAIL.partition(b"\r\nMIME-Version")[0] + html
    monkeypatch.setattr(pickup_client, "contents", partial(pickup_client.contents, seconds=1))
    id_ = box(installed, city, mail=heavy)
    index, whole = pickup_store.index(installed, id_), pickup_store.message(installed, id_)
    assert (index["subject"], index["files"], index["cut"], index["from"]) == ("", [], True, "dana.ortiz@city.example")
    assert whole.size == index["size"] and b"".join(whole.pieces(0, 1000)) == heavy[:1000]
    _, link = told(portal, installed, city)
    assert "the whole message has all of it" in words(visit("").post(link, {"secret": SECRET, "again": SECRET}))


@pytest.mark.rule("P-19", "The notice of the portal shows its day as pages do, in both of its languages.")
def test_the_notice_says_the_day_as_pages_do_in_both_languages(portal: Any, city: Town, installed: Path) -> None:
    """And whoever wrote it hears in their own when nobody came."""
    box(installed, city)
    row, _ = told(portal, installed, city)
    said = Notice.objects.get(key__startswith="pickup:")
    notice = said.text
    assert " waits for you / Un mensaje de " in said.subject and notice.count(f"{URL}/really/") == 2
    english, spanish = (written(row.until, language) for language in ("en", "es"))
    assert f"waits until {english}." in notice and f"hasta el {spanish}." in notice and english != spanish
    row.person = city.people["crew0"]
    row.person.language = "es"
    row.person.save()
    row.save()
    pickups.expire(installed, now=epoch_ms(row.until))
    assert written(row.made, "es") in Notice.objects.get(key__startswith="pickup-unread:").text


def written(at: datetime, language: str) -> str:
    with override(language):
        return day(at)


@pytest.mark.rule("P-19", "Outside readers see the subject without the word meant for us; replies keep it.")
def test_a_reader_sees_the_subject_without_the_word_that_was_meant_for_us(
    portal: Any, city: Town, installed: Path, visit: Visit
) -> None:
    """The answer has it, so that what is written back and forth goes on leaving encrypted."""
    box(installed, city)
    _, link = told(portal, installed, city)
    opened = visit("").post(link, {"secret": SECRET, "again": SECRET})
    assert "Your file" in words(opened) and "[secure]" not in words(opened)
    assert (
        encryption_requests.without_word("[ Secure ]") == "" and encryption_requests.without_word("Re: [SECURE]  a  b") == "Re: a b"
    )
    passed = re.search(r'name="pass" value="([^"]+)"', opened.content.decode())
    assert passed is not None
    visit("").post(link, {"pass": passed[1], "text": "Thank you."})
    assert PickUpReply.objects.get().subject == "[secure] Your file"


@pytest.mark.rule("P-19, P-23", "Each opening in the portal is an entry, and a passphrase is chosen once.")
def test_the_reader_chooses_a_passphrase_once_and_each_opening_is_an_entry(
    portal: Any, city: Town, installed: Path, visit: Visit
) -> None:
    box(installed, city)
    row, link = told(portal, installed, city)
    assert visit("").post(link, {"secret": "short", "again": "short"}).status_code == 422
    assert visit("").post(link, {"secret": SECRET, "again": "another one entirely"}).status_code == 422
    opened = visit("").post(link, {"secret": SECRET, "again": SECRET})
    assert "078-05-1120" in words(opened) and "file.pdf" in words(opened)
    assert "078-05-1120" in words(visit("").post(link, {"secret": SECRET}))
    row.refresh_from_db()
    assert (row.state, row.openings, row.by) == ("opened", 2, "reader") and SECRET not in row.secret
    assert Entry.objects.filter(act="pickup.open", object=f"pickup:{row.pk}").count() == 2


@pytest.mark.rule("P-19", "A thousand guesses at a passphrase are five.")
def test_a_thousand_guesses_are_five(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    """And its sender hears of it, sets another one, and it opens again."""
    box(installed, city)
    row, link = told(portal, installed, city)
    rules, now, stranger = portal.secure, epoch_ms(city.now), pickups.reader_actor("192.0.2.9")
    pickups.open_(row, SECRET, rules=rules, client=stranger, now=now)
    looked = 0
    for guess in range(1000):
        try:
            pickups.open_(row, f"guess number {guess}", rules=rules, client=stranger, now=now)
        except Unusable:
            looked += 1
            if looked > 10:
                break
        except Conflict:
            pass
    row.refresh_from_db()
    assert (looked, row.state) == (4, "locked"), "the fifth locks it"
    assert visit("").post(link, {"secret": SECRET}).status_code == 410
    (locked,) = Notice.objects.filter(key__startswith="pickup-locked:", to="dana.ortiz@city.example")
    assert "pat@out.example" in locked.text
    owner = PickUp.objects.get()
    owner.person = city.people["crew0"]
    owner.save()
    assert visit("crew0").post(f"/mail/secure/{row.pk}/", {"do": "secret", "secret": "another secret"}).status_code == 302
    assert visit("").post(link, {"secret": SECRET}).status_code == 422
    assert "078-05-1120" in words(visit("").post(link, {"secret": "another secret"}))


@pytest.mark.rule("P-19", "A message withdrawn by its sender is closed immediately, even while it is open.")
def test_taken_back_while_it_is_open_shows_nothing_more(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    """The key is gone at once; nobody but its sender takes it back."""
    id_ = box(installed, city)
    row, link = told(portal, installed, city)
    row.person = city.people["crew0"]
    row.save()
    opened = visit("").post(link, {"secret": SECRET, "again": SECRET}).content.decode()
    (at, whole) = re.findall(r'href="(/pickup/file/[^"]+)" download', opened)
    assert b"".join(visit("").get(at).streaming_content) == b"%PDF-1.7 the whole file"  # type: ignore[attr-defined]
    assert visit("head").post(f"/mail/secure/{row.pk}/", {"do": "revoke"}).status_code == 404
    assert visit("crew0").post(f"/mail/secure/{row.pk}/", {"do": "revoke"}).status_code == 302
    assert not (pickup_store.keys(installed) / id_).exists() and not pickup_store.waiting(installed)
    assert visit("").get(at).status_code == visit("").get(whole).status_code == 404
    pass_ = re.search(r'name="pass" value="([^"]+)"', opened)
    assert pass_ is not None
    assert visit("").post(link, {"pass": pass_[1], "text": "Thank you."}).status_code == 410
    assert "The sender withdrew it." in words(visit("").get(link))


@pytest.mark.rule("P-19", "A message leaves the portal after its days, and its key is removed.")
def test_its_days_end_and_its_key_goes(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    id_ = box(installed, city)
    row, link = told(portal, installed, city)
    at = epoch_ms(city.now) + portal.secure.days * 86_400_000
    with pytest.raises(Conflict):
        pickups.open_(row, SECRET, rules=portal.secure, client=pickups.reader_actor(""), now=at)
    worker.step(portal, installed, lambda: at)
    row.refresh_from_db()
    assert (row.state, row.secret) == ("over", "") and not (pickup_store.keys(installed) / id_).exists()
    assert visit("").get(link).status_code == 410
    worker.step(portal, installed, lambda: at - 1_000_000_000)
    row.refresh_from_db()
    assert row.state == "over", "a clock that was set back brings nothing back"


@pytest.mark.rule("P-19", "A file of the portal is sent whole or from the point of interruption (RFC 9110).")
@pytest.mark.rule("P-19, P-23", "Each part of a file that is given out in the portal is an entry.")
def test_a_file_comes_whole_or_from_where_it_broke_off(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    """And each part of it is an entry, also for whoever leaves out the first byte."""
    content = bytes(range(256)) * 3000
    encoded = b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content)
    large = MAIL.replace(b"\r\n\r\n%PDF-1.7 the whole file", encoded)
    box(installed, city, mail=large)
    _, link = told(portal, installed, city)
    opened = visit("").post(link, {"secret": SECRET, "again": SECRET}).content.decode()
    at = re.findall(r'href="(/pickup/file/[^"]+)" download', opened)[0]

    def got(**headers: str) -> Any:
        return visit("").get(at, headers=headers)

    whole = got()
    assert whole["Accept-Ranges"] == "bytes" and b"".join(whole.streaming_content) == content
    ranges = [("bytes=300000-", 300_000, 768_000), ("bytes=262143-262144", 262_143, 262_145), ("bytes=-5", 767_995, 768_000)]
    for asked, start, stop in ranges:
        part = got(range=asked)
        assert part.status_code == 206 and part["Content-Range"] == f"bytes {start}-{stop - 1}/768000"
        assert b"".join(part.streaming_content) == content[start:stop]
    assert Entry.objects.filter(act="pickup.file").count() == 4
    assert got(range="bytes=768000-").status_code == got(range="bytes=-0").status_code == 416
    assert visit("").options(at).status_code == visit("").delete(at).status_code == 405, "no answer says that so much follows"
    assert Entry.objects.filter(act="pickup.file").count() == 4
    other = got(range="lines=1-2")
    assert other.status_code == 200
    assert b"".join(other.streaming_content) == content


@pytest.mark.rule("P-19, P-23", "A reply in the portal goes through the pipeline as mail from outside.")
def test_an_answer_goes_through_the_pipeline_as_mail_from_outside(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    box(installed, city)
    _, link = told(portal, installed, city)
    opened = visit("").post(link, {"secret": SECRET, "again": SECRET}).content.decode()
    pass_ = re.search(r'name="pass" value="([^"]+)"', opened)
    assert pass_ is not None
    answered = visit("").post(link, {"pass": pass_[1], "text": "Thank you, Dana."})
    assert "on its way" in words(answered)
    assert visit("").post(link, {"pass": "forged", "text": "Me, too."}).status_code == 200, "asked for the passphrase again"
    later = epoch_ms(city.now) + 1000
    worker.step(portal, installed, lambda: later)
    worker.step(portal, installed, lambda: later)
    row = PickUp.objects.get()
    (reply,) = row.replies.all()
    assert reply.sent is not None and reply.text == ""
    machine = Machine(installed)
    (came,) = [c for c in (machine.capture(id_) for id_ in machine.ids()) if c.source.name == "portal"]
    assert (came.source.kind, came.envelope.sender, came.envelope.recipients[0].address) == (
        "mx", "pat@out.example", "dana.ortiz@city.example",
    )  # fmt: skip
    body = machine.body(came.id)
    assert b"Thank you, Dana." in body and b"In-Reply-To: <7@city.example>" in body and b"Subject: Re: [secure] Your file" in body


@pytest.mark.rule("P-19", "A box that was shortened or changed is damaged, and gives no half file.")
def test_a_damaged_or_shortened_box_is_damaged_and_never_half_a_file(city: Town, installed: Path) -> None:
    id_ = box(installed, city, mail=MAIL + b"x" * (2 * pickup_store.PIECE))
    path = pickup_store.folder(installed) / id_ / "message"
    raw = path.read_bytes()
    assert b"078-05-1120" not in raw
    for broken in (raw[: 4 + pickup_store.PIECE + 16], raw[:100] + bytes([raw[100] ^ 1]) + raw[101:]):
        path.write_bytes(broken)
        sealed = pickup_store.message(installed, id_)
        with pytest.raises(DamagedFile):
            b"".join(sealed.pieces(0, sealed.size))


@pytest.mark.rule("P-19, promise 7", "The sender of a message that was not picked up is notified.")
def test_whoever_wrote_hears_that_nobody_came_for_it(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    """Of what was opened nobody is told."""
    box(installed, city)
    row, _ = told(portal, installed, city)
    box(installed, city, 2)
    worker.step(portal, installed, lambda: epoch_ms(city.now))
    other = PickUp.objects.exclude(pk=row.pk).get()
    pickups.open_(other, SECRET, rules=portal.secure, client=pickups.reader_actor(""), now=epoch_ms(city.now))
    PickUp.objects.update(person=city.people["crew0"])
    over = epoch_ms(city.now) + portal.secure.days * 86_400_000
    worker.step(portal, installed, lambda: over)
    worker.step(portal, installed, lambda: over + 1000)
    unread = Notice.objects.filter(key__startswith="pickup-unread:")
    assert unread.count() == 1
    notice = unread.get()
    assert notice.key.endswith(row.box) and notice.to == "dana.ortiz@city.example" and "pat@out.example" in notice.text
    assert "Your file" not in notice.text + notice.subject


@pytest.mark.rule("P-19, promise 6", "A portal message whose notice fails delays no other.")
def test_a_box_that_cannot_be_told_of_holds_up_no_other(portal: Any, city: Town, installed: Path) -> None:
    (pickup_store.folder(installed) / box(installed, city) / "about").write_bytes(b"{")
    (pickup_store.folder(installed) / box(installed, city, 3) / "about").write_bytes(b"{}")
    good = box(installed, city, 2)
    done = 0
    with suppress(ValueError, KeyError):
        done = worker.step(portal, installed, lambda: epoch_ms(city.now))
    assert done == 1 and [row.box for row in PickUp.objects.all()] == [good]


@pytest.mark.rule("P-19", "The host of the portal's files has nothing else, and no other host has them.")
def test_the_host_of_files_has_nothing_else_and_no_other_host_has_them(
    portal: Any, city: Town, installed: Path, visit: Visit, settings: Any
) -> None:
    """So nothing that was sent as a file meets a session of the pages."""
    files = "files.city.example"
    settings.ALLOWED_HOSTS = ["*"]
    settings.CITY = replace(portal, secure=replace(portal.secure, files_url=f"https://{files}"))
    box(installed, city)
    _, link = told(settings.CITY, installed, city)
    opened = visit("").post(link, {"secret": SECRET, "again": SECRET}, headers={"host": "mail.city.example"}).content.decode()
    (at, _whole) = re.findall(r'href="https://files\.city\.example(/pickup/file/[^"]+)" download', opened)
    given = visit("").get(at, headers={"host": f"{files}:443"})
    assert given.status_code == 200 and b"".join(given.streaming_content) == b"%PDF-1.7 the whole file"  # type: ignore[attr-defined]
    assert visit("").get(at, headers={"host": "mail.city.example"}).status_code == 404
    for page in ("/", link, "/accounts/login/", "/mail/", "/api/v1/openapi.json", "/healthz"):
        for host in (files, f"{files}.", f"{files.upper()}.:443"):
            assert visit("crew0").get(page, headers={"host": host}).status_code == 404, (page, host)


def test_a_portal_in_clear_text_tells_nobody(portal: Any, city: Town, installed: Path) -> None:
    """What waits in it is told when its address is a good one."""
    box(installed, city)
    worker.step(replace(portal, web=replace(portal.web, url="http://mail.city.example")), installed, lambda: epoch_ms(city.now))
    assert not Notice.objects.exists() and not PickUp.objects.exists()
    worker.step(portal, installed, lambda: epoch_ms(city.now))
    assert Notice.objects.count() == PickUp.objects.count() == 1


@pytest.mark.rule("P-19", "An outside reader whose browser requests Spanish gets the whole portal in it.")
def test_a_reader_whose_browser_speaks_spanish_reads_spanish(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    """28 CFR 35.160: asked, wrong, opened, answered, taken back, and where nothing waits."""
    box(installed, city)
    row, link = told(portal, installed, city)
    reader = visit("")

    def said(form: dict[str, str] | None = None, path: str = link) -> str:
        spanish = {"accept-language": "es-US,es;q=0.9,en;q=0.5"}
        answer = reader.post(path, form, headers=spanish) if form else reader.get(path, headers=spanish)
        page = answer.content.decode()
        assert '<html lang="es">' in page and left_in_english(page) == []
        return page

    said(path="/pickup/another/")
    assert "Elija una frase de paso" in said()
    said({"secret": SECRET, "again": "another one entirely"})
    opened = said({"secret": SECRET, "again": SECRET})
    pass_ = re.search(r'name="pass" value="([^"]+)"', opened)
    assert pass_ is not None
    said({"pass": pass_[1], "text": "Gracias."})
    said({"secret": "not the right one"})
    PickUp.objects.filter(pk=row.pk).update(state="revoked")
    said()


def test_a_link_ends_with_its_message(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    """P-19."""
    box(installed, city)
    row, link = told(portal, installed, city)
    PickUp.objects.filter(pk=row.pk).update(until=city.now - timedelta(seconds=1))
    assert visit("").get(link).status_code == 410


@pytest.mark.rule("P-19", "Downloads over slow lines leave threads for the pages.")
def test_slow_downloads_leave_threads_for_the_pages(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    """Two at a time; whoever comes third is told when to come again."""
    box(installed, city)
    _, link = told(portal, installed, city)
    opened = visit("").post(link, {"secret": SECRET, "again": SECRET}).content.decode()
    at = re.findall(r'href="(/pickup/file/[^"]+)" download', opened)[0]
    slow = [visit("").get(at), visit("").get(at)]
    late = visit("").get(at)
    assert (late.status_code, late.get("Retry-After")) == (503, "10")
    for one in slow:
        assert b"".join(one.streaming_content) == b"%PDF-1.7 the whole file"  # type: ignore[attr-defined]
    gone = pickup_files.start_download(iter([b"x", b"y"]))
    assert gone is not None and next(gone) == b"x"
    gone.close()
    gone.close()
    again = visit("").get(at)
    assert again.status_code == 200
    assert b"".join(again.streaming_content) == b"%PDF-1.7 the whole file"  # type: ignore[attr-defined]
