"""The pages of one message (P-06; I1, E6): what stands on them, what never does, and what is asked for before."""

from __future__ import annotations

import hashlib
import html
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.errors import NotRecorded
from civicmail.core.sandbox.errors import CRASHED, TOO_LONG, Unreadable
from civicmail.desk.viewer import sandboxed
from desk.viewer import rooms, samples
from desk.viewer.conftest import Keep

pytestmark = pytest.mark.django_db
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><b>bold</b>"


def main(response: Any) -> str:
    assert response.status_code == 200
    text: str = response.content.decode()
    return text[text.index("<main") : text.index("</main>")]


def words(response: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main(response))).split())


def mail(text: str, *fields: str, kind: str = "text/html; charset=utf-8") -> bytes:
    return "\r\n".join([*(fields or ("From: a@b.example", "Subject: x")), f"Content-Type: {kind}", "", text]).encode()


@pytest.mark.rule("P-06, P-23", "No tag, attribute or style of a sender's is in a page of ours: what they wrote is text.")
def test_no_tag_of_a_sender_is_in_the_page(keep: Keep, reader: Client) -> None:
    """Subject, names, addresses, text, quotes, links, pictures, names of files, headers: escaped, whatever they say."""
    escaped = html.escape(EVIL).encode("ascii", "xmlcharrefreplace").decode()
    body = mail(
        f"{EVIL}<p>{escaped}<blockquote>{escaped}</blockquote>"
        f'<img alt="{escaped}" src=x><a href=\'http://x.example/"><script>\'>{escaped}</a>',
        f'From: "{EVIL}" <a@b.example>',
        f"Subject: {EVIL}",
        f"X-Other: {EVIL}",
    )
    plain = mail(EVIL, kind="text/plain")
    files = samples.plain().replace(b"photo.jpg", b"<script>.jpg")
    pages = [f"{keep(body)}/", f"{keep(body)}/?view=headers", f"{keep(plain)}/", f"{keep(files)}/"]
    for page in pages:
        text = main(reader.get(f"/seen/whole/{page}"))
        assert "<script" not in text
        assert "<img" not in text
        assert "<b>" not in text
        assert "alert(1)" in text or "&lt;script&gt;.jpg" in text
        assert set(re.findall(r"<([a-z1-6]+)", text)) <= {
            "main", "div", "h1", "bdi", "article", "dl", "dt", "dd", "nav", "a", "p", "strong", "span", "blockquote", "details",
            "summary", "ul", "li", "code", "h2", "table", "caption", "thead", "tbody", "tr", "th", "td", "svg", "use", "pre",
            "time", "hr",
        }  # fmt: skip


def test_a_link_shows_where_it_really_goes(keep: Keep, reader: Client) -> None:
    """P-23, P-25."""
    text = main(reader.get(f"/seen/whole/{keep(samples.phishing())}/"))
    assert (
        '<a href="http://pay.acme-pavlng.example/in" target="_blank" rel="noopener noreferrer nofollow"'
        ' class="cm-goes">pay here</a>'
        ' <bdi class="cm-hint">[goes to pay.acme-pavlng.example]</bdi>'
    ) in text
    assert '<bdi class="cm-lie">[really goes to <strong>203.0.113.9</strong>]</bdi>' in text
    plain = main(reader.get(f"/seen/whole/{keep(samples.plain())}/"))
    assert "goes to" not in plain, "its words are where it goes"


def test_an_address_of_a_process_that_was_taken_over_is_not_followed(
    keep: Keep, reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from civicmail.desk.viewer.message_view import Block, Run, Shown

    evil = Shown(1, "0" * 64, blocks=(Block((Run("x", "link", "javascript:alert(1)", "city.example"),)),))
    monkeypatch.setattr(sandboxed, "read", lambda *_, **__: evil)
    assert "javascript" not in main(reader.get(f"/seen/whole/{keep(samples.plain())}/"))


def test_quotes_are_folded_unless_there_is_nothing_else(keep: Keep, reader: Client) -> None:
    text = main(reader.get(f"/seen/whole/{keep(samples.plain())}/"))
    assert "<summary>6 quoted lines</summary>" in text
    assert text.count('<blockquote class="cm-q">') == text.count("</blockquote>") == 2
    only = mail("> a\r\n> b\r\n> c\r\n> d\r\n> e", kind="text/plain")
    assert "<summary>" not in main(reader.get(f"/seen/whole/{keep(only)}/"))


def test_names_have_their_own_direction_and_characters_that_turn_it_are_shown(keep: Keep, reader: Client) -> None:
    """P-23, P-25."""
    text = main(reader.get(f"/seen/whole/{keep(samples.disguised())}/"))
    assert '<bdi dir="auto">\u05d3\u05e0\u05d4 \u05db\u05d4\u05df</bdi>' in text
    assert 'Clerk<code class="cm-mono">[U+202E]</code>moc.knab' in text
    assert "[U+202E]exe.txt" in text
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)


def test_a_message_without_text_says_what_it_has(keep: Keep, reader: Client) -> None:
    """P-06."""
    assert "This message has no text. Its 2 files are below." in words(reader.get(f"/seen/whole/{keep(samples.files_only())}/"))
    assert "This message has no text and no files." in words(reader.get(f"/seen/whole/{keep(mail('', kind='text/plain'))}/"))


def test_long_text_and_many_files_have_pages_by_links(keep: Keep, reader: Client) -> None:
    """P-06."""
    id_ = keep(mail("A line of text.\r\n" * 15_000, kind="text/plain"))
    first = words(reader.get(f"/seen/whole/{id_}/"))
    assert "Page 1 of 3 of the text" in first
    last = main(reader.get(f"/seen/whole/{id_}/?page=3"))
    assert f'href="/seen/whole/{id_}/?page=2" rel="prev"' in last
    assert 'rel="next"' not in last
    for odd in ("0", "-1", "x", "9" * 30, "\u0663"):
        assert "Page " in words(reader.get(f"/seen/whole/{id_}/?page={odd}"))
    part = "--b\r\nContent-Type: application/pdf\r\n\r\n%PDF-1\r\n"
    many = keep(mail(part * 250 + "--b--", kind="multipart/mixed; boundary=b"))
    assert "Page 1 of 3 of the files" in words(reader.get(f"/seen/whole/{many}/"))
    assert main(reader.get(f"/seen/whole/{many}/?files=3")).count('role="rowheader"') == 50


@pytest.mark.rule(
    "P-06, P-23",
    "A message on which its reader fails is a page with a sentence and its raw bytes, never an error of ours.",
)
@pytest.mark.parametrize("why", [TOO_LONG, CRASHED, "damaged"])
def test_what_cannot_be_read_is_said_and_can_be_downloaded(
    keep: Keep, reader: Client, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """Never a 500; the bytes are still there."""
    body = samples.plain()
    id_ = keep(body)

    def fails(*_: Any, **__: Any) -> bytes:
        raise Unreadable(why)

    monkeypatch.setattr(sandboxed, "_ask", fails)
    for view in ("", "?view=headers", "?view=sent"):
        said = words(reader.get(f"/seen/whole/{id_}/{view}"))
        assert "This message cannot be shown." in said
        assert "can be downloaded" in said
    assert reader.get(f"/seen/whole/{id_}/raw/").content == body
    assert reader.get(f"/seen/whole/{id_}/frame/").status_code == 200
    part = reader.get(f"/seen/whole/{id_}/part/?path=1.2")
    assert part.status_code == 422
    assert "could not be taken out of the message" in part.content.decode()


def test_a_reader_that_dies_costs_one_page(keep: Keep, reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a real process, which is gone afterwards and there again for the next message."""
    id_ = keep(samples.plain())
    with monkeypatch.context() as patch:
        patch.setattr(sandboxed, "SECONDS", 0)
        big = mail("<p>" + "<i>x</i> " * 60_000 + "</p>")
        assert "cannot be shown" in words(reader.get(f"/seen/whole/{keep(big)}/"))
    assert "the drawings are attached" in words(reader.get(f"/seen/whole/{id_}/"))


def test_a_message_that_takes_too_long_is_not_tried_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever loads its page again and again does not keep the processes from everybody else."""
    asked: list[str] = []
    now = [0.0]

    class Slow:
        def request(self, request: object, content: bytes, *, seconds: float) -> bytes:
            asked.append(type(request).__name__)
            raise Unreadable(TOO_LONG if content == b"slow" else CRASHED)

    monkeypatch.setattr(sandboxed, "pool", Slow)
    monkeypatch.setattr(sandboxed, "_slow", sandboxed.Remembered(lambda: now[0]))
    for _ in range(3):
        assert (shown := sandboxed.read(b"slow")) and shown.failed == TOO_LONG
        assert (shown := sandboxed.read(b"crash")) and shown.failed == CRASHED
    assert len(asked) == 4, "what only crashed may be tried again"
    now[0] = sandboxed.RETRIES + 1
    sandboxed.read(b"slow")
    assert len(asked) == 5


def test_defects_are_said_in_words(keep: Keep, reader: Client) -> None:
    said = words(reader.get(f"/seen/whole/{keep(mail('caf\u00e9', kind='text/plain; charset=klingon-7'))}/"))
    assert "Its text names an unknown character set. Some letters may be wrong." in said
    assert "caf\u00e9" in said


def test_files_are_never_pages_of_ours(keep: Keep, reader: Client) -> None:
    """Bytes, under a name, in a sandbox, whatever it is and whatever it says it is."""
    id_ = keep(samples.phishing())
    for part in ("?path=1.2", "?path=1.1.2"):
        response = reader.get(f"/seen/whole/{id_}/part/{part}")
        assert response.status_code == 200
        assert response["Content-Type"] == "application/octet-stream"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
        assert response["Content-Disposition"].startswith("attachment; ")
        assert response["Cache-Control"] == "private, no-store"
    assert reader.get(f"/seen/whole/{id_}/part/?path=1.2").content == b"<!doctype html><script>1</script>"
    for nowhere in ("?path=1.9", "?path=", "?path=1", "?path=../x", "?path=" + "1" * 600):
        assert reader.get(f"/seen/whole/{id_}/part/{nowhere}").status_code == 404


def test_files_are_listed_by_what_they_are(keep: Keep, reader: Client) -> None:
    """Name, true kind, size, hash; a name that promises something else is said."""
    said = words(reader.get(f"/seen/whole/{keep(samples.phishing())}/"))
    assert "invoice.pdf (download) really: HTML 33 B" in said
    assert hashlib.sha256(b"<!doctype html><script>1</script>").hexdigest()[:12] in said


def test_what_lies_in_an_attached_message_is_reached_by_its_path(keep: Keep, reader: Client) -> None:
    """P-06."""
    id_ = keep(samples.disguised())
    text = main(reader.get(f"/seen/whole/{id_}/"))
    assert f"/seen/whole/{id_}/part/?path=1.2/1.2" in text
    assert reader.get(f"/seen/whole/{id_}/part/?path=1.2/1.2").content.startswith(b"PK\x05\x06")
    inner = reader.get(f"/seen/whole/{id_}/?inside=1.2")
    assert "Words of the earlier one." in words(inner)
    assert f'href="/seen/whole/{id_}/part/?path=1.2"' in main(inner)
    assert "Back to the message" in words(inner)
    assert reader.get(f"/seen/whole/{id_}/?inside=1.9").status_code == 404


BLIND = (
    b"From: dana.ortiz@city.example\r\nTo: lena.vogt@city.example\r\nBCC :\r\n secret.one@city.example\r\n"
    b"Resent-Bcc: secret.two@city.example\r\n"
    b"Subject: x\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>\r\n"
)


def test_a_recipient_sees_only_what_was_given(keep: Keep, reader: Client) -> None:
    """Text, headers, look, download, size and hash are of the copy; who may see what is kept sees the fields."""
    id_ = keep(BLIND)
    copy = re.sub(rb"BCC :.*?\r\nRes.*?\r\n", b"", BLIND, flags=re.DOTALL)
    kept, given = hashlib.sha256(BLIND).hexdigest()[:12], hashlib.sha256(copy).hexdigest()[:12]
    pages = ("", "?view=headers", "?view=sent", "frame/", "raw/", "?inside=", "part/?path=1")
    for page in pages:
        said = reader.get(f"/seen/given/{id_}/{page}").content.decode()
        assert "secret" not in said, page
        assert kept not in said, page
        assert f"{len(BLIND)} B" not in said, page
    assert reader.get(f"/seen/given/{id_}/raw/").content == copy
    assert given in words(reader.get(f"/seen/given/{id_}/"))
    assert "secret.one@city.example" in words(reader.get(f"/seen/whole/{id_}/"))
    assert reader.get(f"/seen/whole/{id_}/raw/").content == BLIND


@pytest.mark.rule("P-16, promise 4, E6", "Each page with content of a message, its frame and its files requires its permit first.")
def test_each_page_asks_first_and_shows_nothing_without_an_answer(
    keep: Keep, reader: Client, monkeypatch: pytest.MonkeyPatch, installed: Path
) -> None:
    """The permit comes before the bytes, with an id and a part and nothing of what is in them (E6)."""
    id_ = keep(samples.plain())
    for page, act, fact in (
        ("", "content.show", ("view", "text")),
        ("?view=headers", "content.show", ("view", "headers")),
        ("frame/", "content.show", ("view", "frame")),
        ("part/?path=1.2", "content.attachment", ("part", "1.2")),
        ("raw/", "content.attachment", ("part", "whole")),
    ):
        rooms.ASKED.clear()
        assert reader.get(f"/seen/whole/{id_}/{page}").status_code == 200
        assert [(act, {"id": id_, fact[0]: fact[1]})] == rooms.ASKED

    def cut(*_: Any) -> Any:
        raise NotRecorded("Nothing was shown, because the audit log cannot be written now. Try again in a minute.")

    monkeypatch.setattr(rooms, "permit_for", cut)
    for page in ("", "?view=headers", "frame/", "part/?path=1.2", "raw/"):
        response = reader.get(f"/seen/whole/{id_}/{page}")
        assert response.status_code == 503
        assert b"drawings" not in response.content


def test_nothing_of_a_message_is_kept_by_a_browser(keep: Keep, reader: Client) -> None:
    id_ = keep(samples.phishing())
    for page in ("", "frame/", "raw/", "part/?path=1.2"):
        assert reader.get(f"/seen/whole/{id_}/{page}")["Cache-Control"] == "private, no-store"


@pytest.mark.rule(
    "P-23, P-25",
    "The sender's formatting is sandboxed wherever it is opened: no script, no origin, no form, nothing outside its frame.",
)
def test_the_frame_is_locked_wherever_it_is_opened(keep: Keep, reader: Client) -> None:
    """The policy of the document itself, beside the attribute of the frame."""
    id_ = keep(samples.phishing())
    response = reader.get(f"/seen/whole/{id_}/frame/")
    policy = dict(p.strip().partition(" ")[::2] for p in response["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'", "img-src": "data:", "style-src": "'unsafe-inline'", "base-uri": "'none'", "form-action": "'none'",
        "frame-ancestors": "'self'", "sandbox": "allow-popups allow-popups-to-escape-sandbox",
    }  # fmt: skip
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    text = main(reader.get(f"/seen/whole/{id_}/?view=sent"))
    assert '<iframe class="cm-sent"' in text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in text
    assert "style-src" not in reader.get(f"/seen/whole/{id_}/")["Content-Security-Policy"], "only the frame has inline style"


def test_a_message_without_html_has_no_look_of_its_own(keep: Keep, reader: Client) -> None:
    id_ = keep(samples.plain())
    assert "As sent" not in words(reader.get(f"/seen/whole/{id_}/?view=sent"))
    assert "no look of its own" in reader.get(f"/seen/whole/{id_}/frame/").content.decode()


def test_forty_megabytes_of_text_are_read_within_the_budget() -> None:
    """A page of them, and how many there are."""
    body = (
        b"From: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        + "Wort \u20ac und noch eins\r\n".encode() * 1_600_000
    )
    made = sandboxed.read(body, page=3)
    assert made is not None
    assert (made.failed, made.page) == ("", 3)
    assert made.pages > 300
