"""Works of others in what people send: found by two signs, or by the city's own lists, for a person to look at (P-13)."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from civicmail.city.policy.active_rules import starter_pack
from civicmail.city.policy.engine import decide
from civicmail.core.config.settings import City, Screening, Settings
from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.pipeline.envelope_facts import of_message, of_recipient
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.screener import Screener
from civicmail.mail.screening.shapes import CheckResult, CombinedCase, ContentCase, ExtractedFile, ExtractedLink, ExtractedMessage
from civicmail.mail.screening.use import copied_works, signals, words
from core.sandbox import samples
from mail.screening.use.test_use import NOW, categories, snapshot

MB = 1 << 20
SONG = ExtractedFile("2", "01 - Song.mp3", "audio/mpeg", "mp3", 6 * MB, "a" * 64)


def file(name: str, true: str = "zip", size: int = 9 * MB, content: bytes = b"x") -> ExtractedFile:
    return ExtractedFile("2", name, "application/octet-stream", true, size, hashlib.sha256(content).hexdigest())


def used(
    text: str = "see attached",
    *files: ExtractedFile,
    links: tuple[str, ...] = (),
    data: Path | None = None,
    inbound: bool = False,
    raw: bytes = b"",
) -> CheckResult:
    raw = raw or f"From: ann@city.example\r\n\r\n{text}".encode()
    inner = words.find(ContentCase(raw, message_parser.parse(raw), ReadMessage(inbound=inbound)))
    seen = ExtractedMessage(files=files, links=tuple(ExtractedLink(link, "", "1") for link in links))
    chosen = Settings(city=City(domains=["city.example"]))
    tools = {signals.NAME: signals.open_(chosen, data)} if data is not None else {}
    envelope = Envelope("ann@city.example", (Recipient("x@out.example"),), NOW, login="ann")
    more = {words.NAME: inner.more} if inner.more else {}
    return signals.find(CombinedCase(seen, envelope, "submission", inbound, CheckContext(chosen, NOW, snapshot(), tools), {}, more))


def ids(found: CheckResult) -> set[str]:
    return {one.mask for one in found.findings if one.code == copied_works.KIND}


TWO_SIGNS = [
    ("Use this serial, the crack is included.", ()),
    ("Here is the keygen for it", (file("Photo.Studio.2024.Keygen.exe", "exe"),)),
    ("the album you wanted, I ripped the CD", (SONG,)),
    ("film night", (file("Some.Film.2019.1080p.BluRay.x264-GRP.mkv", "mkv", 700 * MB),)),
    ("season one", (file("Some.Show.S01E02.HDTV.XviD.avi", "avi", 300 * MB),)),
    ("try the torrent link", (file("some.film.torrent", "unknown", 20_000),)),
    ("This copy is licensed to Ann Reed. Single user license. Not for resale.", ()),
    ("Your personal copy is licensed to Ann Reed.", (file("novel.epub", "zip"),)),
    ("the suite", (file("Suite_Crack_Only.zip"), file("suite.iso", "iso", 700 * MB))),
    ("All rights reserved. Do not distribute. No part of this book may be reproduced.", ()),
]


@pytest.mark.parametrize(("text", "files"), TWO_SIGNS)
def test_two_signs_are_for_a_person_to_look_at(text: str, files: tuple[ExtractedFile, ...]) -> None:
    """P-13."""
    found = used(text, *files)
    assert categories(found) == (copied_works.KIND,) and "use.listed" not in found.facts
    assert len({one.mask for one in found.findings}) >= 2 and {one.code for one in found.findings} == {copied_works.KIND}


@pytest.mark.rule(
    "P-13",
    "Works of others are detected by two signs of different kinds, also by marks inside attached files; a recording, an "
    'e-book, a license text or the word "crack" alone is nothing.',
)
@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("the recording of Monday's council meeting", (file("council-2026-03-02.mp3", "mp3", 90 * MB),)),
        ("inspection video, 1080p", (file("culvert-1080p.mp4", "mp4", 80 * MB),)),
        ("crack sealing on Mill Road", (file("Crack Sealing 2026 specs.zip"), file("sidewalk_cracked_map.zip"))),
        ("Your license key: AAAAA-BBBBB-CCCCC. Order 12 of our purchase.", ()),
        ("run ssh-keygen and send me the public key", ()),
        ("This message is confidential. Unauthorized copying or distribution is prohibited.", ()),
        ("The pirate day at the library; movies for children", (SONG,)),
        ("voice message", (file("msg0001.wav", "wav", 200_000),)),
        ("the new image for the kiosks", (file("debian-13.iso", "iso", 600 * MB),)),
        ("All rights reserved.", ()),
        ("No part of this report may be reproduced without the city's consent.", ()),
        ("the reading club's book", (file("novel.epub", "zip"),)),
    ],
)
def test_one_sign_or_the_citys_own_work_is_nothing(text: str, files: tuple[ExtractedFile, ...]) -> None:
    """Recordings, e-books, licence texts and cracks in a road."""
    assert used(text, *files).facts == {} and ids(used(text, *files)) == set()


def test_links_for_sharing_count_as_one_sign() -> None:
    magnet, shadow = "magnet:?xt=urn:btih:" + "a" * 40, "https://libgen.example/book/1"
    assert used("look", links=(magnet,)).facts == used("look", links=(magnet, shadow)).facts == {}
    assert ids(used("look", SONG, links=(magnet,))) == {"magnet", "large-sound"}
    assert ids(used("look", file("novel.epub"), links=(shadow,))) == {"shadow-library-link", "e-book"}


def test_marks_inside_an_attached_file_are_found_and_those_of_quoted_or_foreign_mail_are_not() -> None:
    """The shop's mark stands in the copy, not in the letter."""
    mark = "Single user licence only. Copying and networking not permitted under licence."
    head = "From: ann@city.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    head += "--b\r\n\r\nthe standard\r\n--b\r\n"
    part = f'Content-Type: text/plain\r\nContent-Disposition: attachment; filename="standard.txt"\r\n\r\n{mark}\r\n--b--\r\n'
    found = used(raw=(head + part).encode())
    assert ids(found) == {"single-user-license", "copying-and-networking"} and {one.part for one in found.findings} == {"1.2"}
    forwarded = f"Content-Type: message/rfc822\r\n\r\nFrom: shop@out.example\r\n\r\n{mark}\r\n--b--\r\n"
    assert used(raw=(head + forwarded).encode()).facts == {}
    quoted = "\r\n".join(f"> {line}" for line in mark.split(". "))
    assert used(f"Is this allowed?\r\n{quoted}").facts == {}


@pytest.mark.rule(
    "P-13",
    "A file of the city's own list of works needs no second sign, and a changed list applies to the next message; a "
    "person reviews it, and nothing is held.",
)
def test_a_file_of_the_citys_list_needs_no_second_sign_and_a_changed_list_counts_at_once(tmp_path: Path) -> None:
    """A list is `sha256sum FILE… > works/NAME.sha256`; others' lines, comments and other names are nothing."""
    plain = file("notes.pdf", "pdf", 50_000, b"the book")
    assert used("x", plain, data=tmp_path).facts == {}
    folder = tmp_path / copied_works.FOLDER
    folder.mkdir()
    (folder / "publisher.sha256").write_text(f"# of the publisher\n\n{plain.sha256.upper()}  The Book.pdf\nno line\n{'b' * 64}\n")
    (folder / "Other Name.sha256").write_text(f"{SONG.sha256}\n")
    found = used("x", plain, data=tmp_path)
    assert found.facts == {"use.categories": (copied_works.KIND,), "use.listed": True} and ids(found) == {"list-publisher"}
    assert used("x", SONG, data=tmp_path).facts == {}
    assert copied_works.read(folder / "publisher.sha256")[1] == 1
    tool = copied_works.Works(tmp_path)
    assert tool.named(plain.sha256) == "publisher" and tool.named("zz") == tool.named("") == ""
    (folder / "publisher.sha256").write_text(f"{'c' * 64} *Another\n")
    os.utime(folder / "publisher.sha256", ns=(1, 1))
    assert tool.named(plain.sha256) == "" and tool.named("c" * 64) == "publisher"
    (folder / "publisher.sha256").unlink()
    assert tool.named("c" * 64) == ""


def test_mail_from_outside_and_what_nobody_may_review_is_no_finding(tmp_path: Path) -> None:
    assert used(*TWO_SIGNS[2][:1], SONG, inbound=True).findings == ()
    privileged = used("attorney-client privileged: use this serial, the crack is included")
    assert privileged.findings == () and privileged.facts == {"use.exempt": True}


def test_a_listed_file_goes_to_the_reviewer_and_is_delivered_as_mail_goes(tmp_path: Path) -> None:
    """P-13: through the limited process and the rules out of the box; what two signs say is in shadow."""
    content = b"%PDF-1.4 the book"
    (tmp_path / copied_works.FOLDER).mkdir()
    (tmp_path / copied_works.FOLDER / "publisher.sha256").write_text(f"{hashlib.sha256(content).hexdigest()}  The Book.pdf\n")
    head = b"From: ann@city.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n%s\r\n"
    part = b'--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="%s"\r\n\r\n%s\r\n--b--\r\n'
    cases = {
        "listed": head % b"see attached" + part % (b"notes.pdf", content),
        "signs": head % b"Use this serial; the crack is included." + part % (b"notes.pdf", b"%PDF-1.4 ours"),
        "watermark": head % b"as promised"
        + part % (b"novel.pdf", samples.pdf("This copy is licensed to Ann Reed. Single user license.")),
        "own": head % b"see attached" + part % (b"notes.pdf", b"%PDF-1.4 ours"),
    }
    chosen = Settings(city=City(domains=["city.example"]), screening=Screening(checks=["use"]))

    async def story() -> dict[str, tuple[str, tuple[str, ...], set[str]]]:
        screener, seen = Screener(chosen, tmp_path, lambda: NOW), {}
        for name, raw in cases.items():
            people, envelope = snapshot(), Envelope("ann@city.example", (Recipient("x@out.example"),), NOW, login="ann")
            found = await screener.screen(raw, envelope, "submission", people)
            known = of_message(envelope, "submission", 1, people, lambda _: None)
            asked = [of_recipient(recipient, people, lambda _: None, envelope.received) for recipient in envelope.recipients]
            (decision,) = decide(starter_pack(), {**known, **found.facts}, asked, NOW)
            seen[name] = (decision.do, decision.review, {rule for rule in decision.rules if "use-infringement" in rule})
        await asyncio.to_thread(screener.close)
        return seen

    assert asyncio.run(story()) == {
        "listed": ("deliver", ("use",), {"use-infringement-listed", "shadow:use-infringement"}),
        "signs": ("deliver", (), {"shadow:use-infringement"}),
        "watermark": ("deliver", (), {"shadow:use-infringement"}),
        "own": ("deliver", (), set()),
    }


@given(st.text(max_size=80), st.sampled_from(["mp3", "zip", "exe", "", "pdf"]), st.integers(0, 1 << 40), st.text(max_size=60))
@trying(max_examples=150)
def test_any_name_any_link_and_any_list_is_read(name: str, true: str, size: int, link: str) -> None:
    found = used("x", ExtractedFile("2", name, "x/y", true, size, name), links=(link, f"magnet:{link}"))
    assert {one.code for one in found.findings} <= {copied_works.KIND}
