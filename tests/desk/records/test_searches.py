"""The search of a request: it balances, lists families, threads, copies and what could not be read, and goes on after a stop."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.notices.models import Notice
from civicmail.city.policy.dispositions import Disposition
from civicmail.core.archives.errors import DAMAGED, ENCRYPTED
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import And, Everything, Not, Range
from civicmail.desk.holding.senders import address_of
from civicmail.desk.records import content_keys, near_duplicates, tasks
from civicmail.desk.records.actions import scopes, searches
from civicmail.desk.records.models import Item, Request, Search
from civicmail.desk.records.queries import items
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Source
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.search import extract_cache
from civicmail.mail.search.attachments import Extract
from civicmail.mail.search.extract_cache import Extracts
from civicmail.mail.search.reread import read_again
from civicmail.mail.search.unsearched import might_match
from mail.archive.making import UNSYNCED
from pages.cases import index

pytestmark = pytest.mark.django_db
FIRST = "Can we close the crossing near the school?\r\n" + "\r\n".join(
    f"Line {n} of the plan that the council asks for before the summer {n} holidays begin in the city." for n in range(9)
)
LETTERS = {
    "first": ("ann@city.example", "", FIRST),
    "answer": ("bob@city.example", "first", "Yes, from Monday on.\r\n\r\n> " + FIRST.replace("\r\n", "\r\n> ")),
    "copy": ("bob@city.example", "", FIRST.replace("summer 4", "winter 4")),
    "other": ("bob@city.example", "", "The budget of the library is attached nowhere."),
    "sealed": ("bob@city.example", "", base64.b64encode(b"PK\x03\x04" + bytes(60)).decode()),
}
"""Name -> recipient, the message that it answers, text; the last one is a file that nobody has read yet."""


def letters(data: Path, now: int) -> dict[str, str]:
    """Archive and index them, a minute apart; name -> id."""
    w = Writer(data, lambda: now, UNSYNCED, 1 << 20)
    made = {}
    for n, (name, (to, above, text)) in enumerate(LETTERS.items()):
        reply = f"In-Reply-To: <{above}@x.example>\r\nReferences: <{above}@x.example>\r\n" if above else ""
        if name == "sealed":
            reply = "Content-Type: application/zip; name=plan.zip\r\nContent-Transfer-Encoding: base64\r\n"
        header = f"From: eve@x.example\r\nTo: {to}\r\nSubject: {name}\r\nMessage-ID: <{name}@x.example>\r\n{reply}"
        body = f"{header}\r\n{text}\r\n".encode()
        at = now - 3_600_000 + n * 60_000
        envelope = Envelope("eve@x.example", (Recipient(to),), at)
        capture = capture_of(capture_id(at), scan(body), envelope, Source("mx", "mx"))
        capture = replace(capture, dispositions=(Disposition(0, "deliver"),))
        w.receipt(capture, body)
        made[name] = capture.uuid
    w.flush()
    w.close()
    index(data, now)
    return made


@pytest.fixture
def request_row(city: Any, installed: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    monkeypatch.setattr(tasks, "LATE", 0)  # nothing reads the file of the last letter
    letters(installed, epoch_ms(city.now))
    row = Request.objects.get(number=city.objects["records review"])
    Search.objects.exclude(state="failed").update(state="failed")
    return row


def actor(city: Any, key: str = "recorder") -> Actor:
    return actor_of(city.people[key].account, "", epoch_ms(city.now))


def run(city: Any, installed: Path, row: Request, query: str = "", steps: int = 200) -> Search:
    now = epoch_ms(city.now) + 1000
    if query:
        scopes.propose(row, "Mail as asked for.", query, actor=actor(city), now=now)
    search = searches.order(row, actor=actor(city), now=now)
    job = tasks.Searching(installed, lambda: now)
    for _ in range(steps):
        if not job.step():
            break
    search.refresh_from_db()
    return search


@pytest.mark.rule("P-21", "A search balances: found, unsearchable and excluded messages are all that the archive has.")
def test_r12_found_unsearchable_and_excluded_are_the_population(city: Any, installed: Path, request_row: Request) -> None:
    search = run(city, installed, request_row, "crossing")
    assert search.state == "ready", search.why
    assert search.population == search.found + search.unsearchable + search.excluded
    assert (search.found, search.unsearchable, search.excluded) == (3, 1, search.population - 4)
    assert search.done == search.found + search.unsearchable
    listed = items.listed(request_row).filter(part="")
    assert (listed.filter(hit=True).count(), listed.filter(hit=False).count()) == (search.found, search.unsearchable)
    assert not listed.filter(hit=False, trouble="").exclude(parts__trouble__gt="").exists()  # each says why
    entry = Entry.objects.get(act="search.made")
    assert entry.facts["population"] == search.population and entry.facts["query"] == search.scope.query


@pytest.mark.rule("P-21", "A search waits for files that are being read before it calls them not searchable, but not for long.")
def test_r12_a_search_waits_two_minutes_for_files_that_nobody_has_read(
    city: Any, installed: Path, request_row: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "LATE", 120_000)
    search = run(city, installed, request_row, "crossing")
    assert search.state == "waiting" and not Item.objects.filter(search=search).exists()
    monkeypatch.setattr(tasks, "LATE", 0)
    assert tasks.Searching(installed, lambda: epoch_ms(search.at)).step()


@pytest.mark.rule("P-21", "A search that does not balance is not ready.")
def test_r12_what_does_not_add_up_is_not_sworn_to(city: Any, installed: Path, request_row: Request) -> None:
    search = run(city, installed, request_row, "budget OR council", steps=0)
    Search.objects.filter(pk=search.pk).update(state="running", population=7, found=3, unsearchable=1, excluded=2)
    with pytest.raises(Conflict, match="do not add up"):
        searches.finish(search, counts={}, coverage={}, checkpoint="", now=epoch_ms(city.now))


@pytest.mark.parametrize(
    ("query", "might"),
    [
        ("lead", Everything()),
        ("subject:lead", parse("subject:lead", now=None)),  # type: ignore[arg-type]
        ("lead from:ann@x.example", And((Everything(), parse("from:ann@x.example", now=None)))),  # type: ignore[arg-type]
        ("-lead", Not(Not(Everything()))),
        ("lead AROUND 3 pipe", Everything()),
        ("has:attachment", Range("attachments", 1, None)),
    ],
)
def test_r12_an_unread_part_may_have_any_word_but_no_other_header(query: str, might: Any) -> None:
    assert might_match(parse(query, now=None)) == might  # type: ignore[arg-type]


def test_r11_the_search_runs_under_the_request_of_who_is_assigned(city: Any, installed: Path, request_row: Request) -> None:
    with pytest.raises(NotPermitted):
        searches.order(request_row, actor=actor(city, "attorney"), now=epoch_ms(city.now))
    search = run(city, installed, request_row, "crossing OR council")
    looked = [e.facts for e in Entry.objects.filter(act="content.list", object=f"request:{request_row.number}")]
    assert any({"query": search.scope.query, "search": search.pk}.items() <= facts.items() for facts in looked)
    assert search.coverage["archived"] >= search.population and search.coverage["version"] > 0
    assert search.counts["crossing"] == {"": 3, "ann@city.example": 1, "bob@city.example": 2}
    assert search.counts[""] == {"ann@city.example": 1, "bob@city.example": 2}


@pytest.mark.rule("P-21", "A family is listed whole: a message with each of its files, in order.")
def test_r16_a_message_and_its_files_are_one_family(city: Any, installed: Path, request_row: Request) -> None:
    run(city, installed, request_row, "has:attachment")
    files = items.listed(request_row).exclude(part="")
    assert files.exists()
    for file in files.select_related("parent"):
        assert file.parent is not None and file.parent.part == "" and file.parent.capture == file.capture
        assert file.number > file.parent.number
    numbers = list(Item.objects.filter(request=request_row).order_by("number").values_list("number", flat=True))
    assert len(numbers) == len(set(numbers))


@pytest.mark.rule("P-21", "Copies share a content key, and each keeps its own holders.")
def test_r13_copies_share_their_content_and_keep_their_holders(city: Any, installed: Path, request_row: Request) -> None:
    run(city, installed, request_row, "kestrel")
    messages = items.listed(request_row).filter(part="", mih=content_keys.message_key("<wigeon.1@outside.example>"))
    assert messages.count() >= 6 and len(set(messages.values_list("content", flat=True))) == 1  # no copy is dropped
    assert {tuple(holders) for holders in messages.values_list("holders", flat=True)} == {
        ("dana.ortiz@city.example",),
        ("avocet-custodian",),
    }


def test_r13_the_mih_is_that_of_edrm() -> None:
    """Upper-case MD5 of the Message-ID without its brackets; none without one."""
    assert content_keys.message_key("<a@b.example>") == content_keys.message_key(" a@b.example ")
    assert content_keys.message_key("<a@b.example>") == "D3CE9FE2208376BD39CF85FBCC2A90C7"
    assert content_keys.message_key("") == ""


def test_r13_a_content_key_needs_the_key_of_the_installation(tmp_path: Path) -> None:
    digest = b"\1" * 32
    assert content_keys.content_key(b"a" * 32, digest) != content_keys.content_key(b"b" * 32, digest)


@pytest.mark.rule("P-21", "A message of a thread whose text a later one has is not inclusive.")
def test_r14_a_quoted_message_is_not_inclusive() -> None:
    first = "Can we close the crossing?\nThe school asks for it."
    answer = "Yes, from Monday.\n\n> Can we close the crossing?\n> The school asks for it."
    assert first != answer
    lines = [near_duplicates.features(text).lines for text in (first, answer, "Another matter altogether.")]
    assert near_duplicates.inclusive(lines) == [False, True, True]


def test_r14_r15_threads_and_clusters_of_a_search(city: Any, installed: Path, request_row: Request) -> None:
    run(city, installed, request_row, "crossing")
    by = {item.mih: item for item in items.current(request_row).filter(part="")}
    first, answer, copy = (by[content_keys.message_key(f"{name}@x.example")] for name in ("first", "answer", "copy"))
    assert first.thread == answer.thread != copy.thread and (first.place, answer.place) == (0, 1)
    assert (first.inclusive, answer.inclusive) == (False, True)
    assert first.cluster is not None and first.cluster == copy.cluster


def test_r15_near_duplicates_are_one_cluster_and_others_none() -> None:
    words = [f"word{n}" for n in range(200)]
    near = words.copy()
    near[100] = "changed"
    other = [f"other{n}" for n in range(200)]
    texts = [" ".join(some) for some in (words, other, near)] + ["too short"]
    assert near_duplicates.clusters([near_duplicates.features(text).signature for text in texts]) == [1, None, 1, None]


@pytest.mark.rule("P-21", "A search goes on after a stop and lists nothing twice.")
def test_r11_a_search_goes_on_after_a_stop(
    city: Any, installed: Path, request_row: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "BATCH_SIZE", 2)
    monkeypatch.setattr(tasks, "PIECE", 0.0)
    half = run(city, installed, request_row, "crossing", steps=1)
    assert half.state == "running" and half.done == 2
    now = epoch_ms(city.now) + 1000
    again = tasks.Searching(installed, lambda: now)  # another process
    while again.step():
        pass
    half.refresh_from_db()
    assert half.state == "ready" and half.done == half.found + half.unsearchable
    assert items.listed(request_row).filter(part="").count() == half.done
    assert not tasks.folder(installed, half).exists()


def test_r11_a_narrower_search_takes_over_what_it_finds_again(city: Any, installed: Path, request_row: Request) -> None:
    run(city, installed, request_row, "crossing")
    before = dict(items.current(request_row).filter(part="").values_list("capture", "number"))
    run(city, installed, request_row, "crossing winter")
    after = dict(items.current(request_row).filter(part="").values_list("capture", "number"))
    assert len(before) == 3 and len(after) == 1 and after.items() <= before.items()  # with the number that it had


def test_a_search_ends_when_its_person_may_no_longer(city: Any, installed: Path, request_row: Request) -> None:
    search = run(city, installed, request_row, "budget OR council", steps=0)
    request_row.assignments.filter(person=city.people["recorder"]).update(until=city.now)
    tasks.Searching(installed, lambda: epoch_ms(city.now) + 1000).step()
    search.refresh_from_db()
    assert search.state == "failed" and "not assigned" in search.why


def unread(city: Any, installed: Path, row: Request, extract: Extract) -> Item:
    """The file of the sealed message as an item, with what was read of it so far."""
    content = b"PK\x03\x04" + bytes(60)
    Extracts(installed).put(sha256(content).digest(), extract)
    run(city, installed, row, "crossing")
    return items.worklist(row).get(part__gt="", media_type="application/zip")


def test_r12_pictures_that_could_not_be_read_are_read_again(city: Any, installed: Path, request_row: Request) -> None:
    item, now = unread(city, installed, request_row, Extract("", (), 3)), epoch_ms(city.now) + 2000
    assert item.trouble == "pictures"
    with pytest.raises(NotPermitted):
        searches.read_again(item, actor=actor(city, "crew0"), now=now)
    assert tasks.read_items_again(installed) == 0
    searches.read_again(item, actor=actor(city), now=now)
    assert Entry.objects.get(act="item.read-again").facts["item"] == item.number
    assert tasks.read_items_again(installed) == 1
    item.refresh_from_db()
    assert item.settled == "read" and items.worklist(request_row).filter(pk=item.pk).exists(), "it is still open what it says"
    assert Extracts(installed).get(sha256(b"PK\x03\x04" + bytes(60)).digest()) is None
    assert uuid.UUID(item.capture).bytes in extract_cache.ready(installed)
    assert tasks.read_items_again(installed) == 0, "once"


def test_what_was_read_completely_is_kept(installed: Path, city: Any, request_row: Request) -> None:
    item = unread(city, installed, request_row, Extract("", (("", DAMAGED),)))
    digest = sha256(b"PK\x03\x04" + bytes(60)).digest()
    Extracts(installed).put(digest, Extract("all of it", ()))
    assert read_again(installed, uuid.UUID(item.capture).bytes) == 0
    assert Extracts(installed).get(digest) == Extract("all of it", ()) and extract_cache.ready(installed) == []
    assert read_again(installed, uuid.uuid4().bytes) == 0, "a capture that is not there"


def test_r12_the_password_of_a_file_is_asked_of_who_has_it(city: Any, installed: Path, request_row: Request) -> None:
    item, now = unread(city, installed, request_row, Extract("", (("", ENCRYPTED),))), epoch_ms(city.now) + 2000
    holder, other = city.people["crew0"].account.person, city.people["head"].account.person
    Item.objects.filter(pk=item.pk).update(holders=[address_of(holder)])
    with pytest.raises(Unusable, match="did not have this message"):
        searches.ask_password(item, other, actor=actor(city), now=now)
    searches.ask_password(item, holder, actor=actor(city), now=now)
    notice = Notice.objects.get(key__startswith=f"password:{item.pk}:")
    assert notice.to == address_of(holder) and item.capture in notice.text and "sealed" not in notice.text
    assert Entry.objects.get(act="item.password-asked").facts["person"] == holder.uid
    item.refresh_from_db()
    assert item.settled == "asked" and items.worklist(request_row).filter(pk=item.pk).exists()
    searches.settle(item, True, "Opened with the password.", actor=actor(city), now=now)
    item.refresh_from_db()
    with pytest.raises(Conflict, match="is settled"):
        searches.ask_password(item, holder, actor=actor(city), now=now)
    with pytest.raises(Conflict, match="is settled"):
        searches.read_again(item, actor=actor(city), now=now)


def test_only_a_file_with_a_password_has_one_to_ask_for(city: Any, installed: Path, request_row: Request) -> None:
    item = unread(city, installed, request_row, Extract("", (), 1))
    with pytest.raises(Conflict, match="no password"):
        searches.ask_password(item, city.people["crew0"].account.person, actor=actor(city), now=epoch_ms(city.now) + 2000)


def test_the_worklist_offers_what_can_be_done_about_an_item(
    city: Any, installed: Path, request_row: Request, visit: Callable[[str], Client]
) -> None:
    item = unread(city, installed, request_row, Extract("", (), 3))
    client, page = visit("recorder"), f"/records/requests/{request_row.number}/search/"
    again = f"{page}items/{item.number}/read-again/"
    html = client.get(page).content.decode()
    assert again in html and f"{page}items/{item.number}/password/" not in html
    told = client.post(again, {"settled": ""}, follow=True)
    assert told.status_code == 200 and "will be read again" in told.content.decode() and again not in told.content.decode()
    assert "to be read again" in told.content.decode()
    Item.objects.filter(pk=item.pk).update(trouble="encrypted", settled="")
    html = client.get(page).content.decode()
    assert again not in html and f"{page}items/{item.number}/password/" in html
    assert client.get(f"{page}items/{item.number}/password/").status_code == 200
