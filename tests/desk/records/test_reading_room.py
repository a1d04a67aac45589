"""The public reading room: scanned once more, searched, read, followed, taken down, and copied to another web server."""

from __future__ import annotations

import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest
from django.test import Client

from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.desk.records import released_index
from civicmail.desk.records.actions import publications
from civicmail.desk.records.actions.publications import Plan
from civicmail.desk.records.models import Contact, Production, Publication, Request
from civicmail.desk.records.views import reading_room_copy
from civicmail.desk.records.worker_jobs import productions as worker
from civicmail.desk.records.worker_jobs.publications import Publishing
from desk.records.production_world import BODIES, SECRET, Release
from desk.records.test_productions import QuietOcr

pytestmark = pytest.mark.django_db
ROOM = "/public/records/released/"
SSN = "521-44-9087"
DAY = 86_400_000


class Room(Release):
    """A release that may be published. Its clock goes on when it is told to."""

    def publish(self, row: Production, **more: Any) -> Publication:
        plan = Plan(**{"title": "Lead lines, ward 6", "summary": "Mail about the list.", **more})
        return publications.plan(row, plan, actor=self.actor(), now=self.now())

    def work(self) -> None:
        publishing = Publishing(self.data, self.now)
        for _ in range(20):
            if not publishing.step():
                return
        raise AssertionError("the worker finds no end")

    def released(self) -> Production:
        return self.release(self.approve(self.make(self.order("eml"))))

    def public(self, **more: Any) -> Publication:
        row = self.publish(self.released(), **more)
        self.work()
        row.refresh_from_db()
        assert row.state == "public", row.problems
        return row


@pytest.fixture
def desk(city: Any, law: Any, installed: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setattr(worker, "find_tesseract", lambda _: QuietOcr("", "", finds_orientation=True))
    Publication.objects.all().delete()
    made = Room(city, installed)
    made.assign("attorney", "attorney")
    return made


@pytest.fixture
def secret(desk: Room, monkeypatch: pytest.MonkeyPatch) -> Room:
    """Somebody overlooked a number in a released message."""
    monkeypatch.setitem(BODIES, 2, f"The list is ready. Her number is {SSN}.")
    made = Room(desk.city, desk.data)
    made.assign("attorney", "attorney")
    return made


def text(response: Any, status: int = 200) -> str:
    assert response.status_code == status, (response.status_code, response.content[:500])
    return " ".join(response.content.decode().split())


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_r31_a_release_is_scanned_and_published_when_its_day_has_come(desk: Room) -> None:
    row = desk.publish(desk.released(), days=3)
    desk.work()
    row.refresh_from_db()
    assert row.state == "planned" and row.scanned is not None and row.checked == row.production.files.count()
    assert text(Client().get(ROOM)).count("Nothing is published yet.") == 1
    assert Client().get(f"{ROOM}{row.slug}/").status_code == 404
    desk._now += 3 * DAY
    desk.work()
    row.refresh_from_db()
    assert row.state == "public" and row.published >= row.after
    acts = Entry.objects.filter(act__startswith="records.publi").order_by("pk").values_list("act", "person")
    assert list(acts) == [("records.publication-planned", "p-recorder"), ("records.published", "reading-room")]


@pytest.mark.rule(
    "P-21", "A release is published only after another scan for personal data has found nothing that a person did not allow."
)
def test_r31_a_planted_social_security_number_stops_the_publication(secret: Room, visit: Callable[[str], Client]) -> None:
    row = secret.publish(secret.released())
    secret.work()
    row.refresh_from_db()
    assert row.state == "stopped"
    found = {(one["file"].rpartition(".")[2], one["kind"]) for one in row.problems}
    assert found == {("pdf", "ssn"), ("txt", "ssn"), ("eml", "ssn")}
    assert [one["page"] for one in row.problems if one["file"].endswith(".pdf")] == [1]
    page = text(visit("recorder").get(f"/records/reading-room/{row.pk}/"))
    assert "Social security number" in page and "Page 1" in page and SSN not in page
    assert SSN not in repr(row.problems) and not Entry.objects.filter(facts__icontains=SSN).exists()
    assert Client().get(f"{ROOM}{row.slug}/").status_code == 404 and released_index.indexed(secret.data) == set()


def test_r31_an_officer_lets_a_finding_pass_with_a_reason_or_takes_it_back(secret: Room, visit: Callable[[str], Client]) -> None:
    row = secret.publish(secret.released())
    secret.work()
    row.refresh_from_db()
    officer, url = visit("recorder"), f"/records/reading-room/{row.pk}/"
    assert officer.post(f"{url}allow/", {"reason": "short", "state": "stopped"}).status_code == 422
    assert visit("auditor").post(f"{url}allow/", {"reason": "x" * 30, "state": "stopped"}).status_code == 403
    given = {"reason": "It is the number of a sample form, which belongs to nobody.", "state": "stopped"}
    assert officer.post(f"{url}allow/", given).status_code == 302
    secret.work()
    row.refresh_from_db()
    assert row.state == "public" and len(row.allowed) == 3 and row.problems == []


def test_r31_what_was_allowed_is_no_more_than_what_was_seen(secret: Room) -> None:
    row = secret.publish(secret.released())
    secret.work()
    row.refresh_from_db()
    publications.allow(row, "It is the number of a sample form.", actor=secret.actor(), now=secret.now())
    Publication.objects.filter(pk=row.pk).update(allowed=row.allowed[:1])
    secret.work()
    row.refresh_from_db()
    assert row.state == "stopped" and len(row.problems) == 2


def test_r31_what_the_law_opens_stops_nothing(desk: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resident's address and number in mail to an official are normally public (MacIver v. Erpenbach)."""
    monkeypatch.setitem(BODIES, 2, "Call 414-286-2489 or write to robin@resident.example.")
    made = Room(desk.city, desk.data)
    made.assign("attorney", "attorney")
    made.public()


def test_r31_who_may_not_and_what_is_not_released_is_refused(desk: Room, visit: Callable[[str], Client], act: Any) -> None:
    row = desk.make(desk.order())
    with pytest.raises(Conflict):
        desk.publish(row)
    row = desk.release(desk.approve(row))
    for who in ("attorney", "crew0"):
        with pytest.raises(NotPermitted):
            publications.plan(row, Plan("Lead"), actor=act(who), now=desk.now())
    url = f"/records/requests/{desk.request.number}/productions/1/publish/"
    given = {"title": f"About {SSN}", "summary": "", "days": "0"}
    assert "looks like personal data" in text(visit("recorder").post(url, given), 422)
    answer = visit("recorder").post(url, {**given, "title": "Lead lines"})
    assert answer.status_code == 302 and Publication.objects.get().slug == f"lead-lines-{desk.request.number.lower()}-1"


def test_r31_the_requester_never_appears(desk: Room) -> None:
    Contact.objects.filter(request=desk.request).update(name="Robin Vale", email="robin@resident.example")
    Request.objects.filter(pk=desk.request.pk).update(text="All mail about lead lines. Robin Vale")
    row = desk.released()
    with pytest.raises(Unusable, match="personal data"):
        desk.publish(row, with_request=True)
    Request.objects.filter(pk=desk.request.pk).update(text="All mail about lead lines in ward 6.")
    made = desk.publish(row, with_request=True)
    desk.work()
    page = text(Client().get(f"{ROOM}{made.slug}/"))
    assert "All mail about lead lines in ward 6." in page and "Robin" not in page
    assert b"Robin" not in body(Client().get(f"{ROOM}{made.slug}/package/"))


def test_r31_anybody_searches_the_released_words_alone(desk: Room) -> None:
    row = desk.public()
    stranger = Client()
    assert "Lead lines, ward 6" in text(stranger.get(ROOM))
    found = text(stranger.get(ROOM, {"q": "list ready"}))
    assert "1 result" in found and "<mark>ready</mark>" in found and f"/{desk.request.number}-000002.pdf" in found
    for words in (SECRET, "formula", "Pizza"):  # redacted, withheld, personal
        assert "No released document has all of these words." in text(stranger.get(ROOM, {"q": words}))
    assert SECRET.encode() not in released_index.path_of(desk.data).read_bytes()
    for odd in ('"', "AND (", "' OR 1=1", "𓀀"):
        assert stranger.get(ROOM, {"q": odd, "page": "99999999", "year": "x", "in": "y"}).status_code == 200
    assert "1 result" in text(stranger.get(ROOM, {"q": "ready", "in": row.slug, "year": str(row.published.year)}))


def test_r31_a_release_has_a_stable_address_with_all_its_files(desk: Room, visit: Callable[[str], Client]) -> None:
    row = desk.public()
    stranger, url = Client(), f"{ROOM}{row.slug}/"
    page = text(stranger.get(url))
    for file in row.production.files.all():
        assert f"{url}files/{file.name}" in page
        assert body(stranger.get(f"{url}files/{file.name}")) == desk.files(row.production)[file.name]
    release = f"/records/requests/{desk.request.number}/productions/1/"
    assert body(stranger.get(f"{url}package/")) == body(visit("recorder").get(f"{release}package/"))
    assert stranger.get(f"{url}files/made.jsonl").status_code == stranger.get(f"{ROOM}nothing/").status_code == 404
    assert f"/records/reading-room/{row.pk}/" in text(visit("recorder").get(release))
    suggested = text(stranger.post("/public/records/request/released/", {"text": "The lead lines of my ward"}))
    assert url in suggested
    assert not Entry.objects.filter(act="records.fetched", person__in=("", "requester")).exists(), "nobody is followed"


def test_r31_what_is_taken_down_is_gone_at_once_and_says_why(desk: Room, visit: Callable[[str], Client]) -> None:
    row = desk.public()
    url = f"{ROOM}{row.slug}/"
    given = {"reason": "A court has ordered it.", "state": "public"}
    assert visit("recorder").post(f"/records/reading-room/{row.pk}/take-down/", given).status_code == 302
    stranger = Client()
    for rest in ("", "package/", "files/index.csv"):
        page = text(stranger.get(url + rest), 410)
        assert "A court has ordered it." in page and "Lead lines" not in page
    assert "No released document" in text(stranger.get(ROOM, {"q": "ready"}))
    assert row.slug not in text(stranger.get(ROOM)) and row.slug not in text(stranger.get(f"{ROOM}feed.xml"))
    desk.work()
    assert b"ready" not in released_index.path_of(desk.data).read_bytes()
    with pytest.raises(Conflict, match="already"):
        desk.publish(row.production, title="Lead lines again")
    assert stranger.get(url).status_code == 410


def test_r31_a_feed_tells_what_is_new(desk: Room) -> None:
    row = desk.public()
    answer = Client().get(f"{ROOM}feed.xml")
    assert answer["Content-Type"] == "application/atom+xml"
    feed = ET.fromstring(answer.content)
    atom = "{http://www.w3.org/2005/Atom}"
    (entry,) = feed.findall(f"{atom}entry")
    assert entry.findtext(f"{atom}title") == row.title and entry.findtext(f"{atom}summary") == row.summary
    assert entry.find(f"{atom}link").get("href").endswith(f"{ROOM}{row.slug}/")
    assert feed.findtext(f"{atom}updated") == row.published.isoformat()
    assert {entry.findtext(f"{atom}id"), feed.findtext(f"{atom}id")} == {
        "tag:city.example,2026:public-records", f"tag:city.example,2026:public-records/{row.slug}",
    }  # fmt: skip


def test_r31_the_index_is_built_again_after_it_was_lost(desk: Room) -> None:
    row = desk.public()
    released_index.path_of(desk.data).unlink()
    assert "No released document" in text(Client().get(ROOM, {"q": "ready"}))
    desk.work()
    assert released_index.indexed(desk.data) == {row.pk} and "1 result" in text(Client().get(ROOM, {"q": "ready"}))


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if target := given.get("href"):
            self.links.append(target)
        if name := given.get("id"):
            self.ids.add(name)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and its address at a web server that knows nothing of this program."""
    folder = tmp_path / "copy"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_r31_the_copy_works_on_any_web_server(desk: Room, served: tuple[Path, str], tmp_path: Path) -> None:
    row = desk.public()
    folder, root = served
    assert list(reading_room_copy.write(desk.data, folder)) == [row.slug]
    seen: dict[str, Links] = {}
    waiting = [root]
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        with urlopen(address) as answer:
            content, kind = answer.read(), answer.headers.get_content_type()
        seen[address] = page = Links()
        if kind == "text/html":
            page.feed(content.decode())
            waiting += [urljoin(address, link).partition("#")[0] for link in page.links]
    for address, page in seen.items():
        for link in page.links:
            target, _, name = urljoin(address, link).partition("#")
            assert target.startswith(root) and (not name or name in seen[target].ids), (address, link)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {address.removeprefix(root) for address in seen} - {""}, "each file is reached by a link"
    assert (folder / row.slug / "files/index.csv").read_bytes() == desk.files(row.production)["index.csv"]
    list(reading_room_copy.write(desk.data, tmp_path / "again"))
    assert files == {path.relative_to(tmp_path / "again").as_posix() for path in (tmp_path / "again").rglob("*") if path.is_file()}
    assert all((folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes() for name in files)
    assert not any(SECRET.encode() in (folder / name).read_bytes() for name in files)


def test_r31_the_copy_keeps_the_page_of_what_was_taken_down_alone(desk: Room, tmp_path: Path) -> None:
    row = desk.public()
    publications.take_down(row, "A court has ordered it.", actor=desk.actor(), now=desk.now())
    list(reading_room_copy.write(desk.data, tmp_path, language="es", address="https://records.city.example/"))
    assert "A court has ordered it." in (tmp_path / row.slug / "index.html").read_text()
    assert [path.name for path in (tmp_path / row.slug).iterdir()] == ["index.html"]
    assert '<html lang="es">' in (tmp_path / "index.html").read_text()
    assert 'href="https://records.city.example/index.html"' in (tmp_path / "feed.xml").read_text()
