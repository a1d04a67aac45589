"""A message as words of ours: what is read, what is left out and said, and how much at a time."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.message import html_text
from civicmail.core.sandbox.service import decode_reply, encode
from civicmail.desk.viewer import html_blocks, plaintext, render, runs
from civicmail.desk.viewer.message_requests import ReadMessage
from civicmail.desk.viewer.message_view import Block, Run, Shown
from civicmail.desk.viewer.templatetags.viewer import reading
from core.message.test_embedded import attached, attribute, opaque, properties, wide, winmail
from desk.viewer import samples

KINDS = [b"text/plain", b"text/html", b"text/plain; format=flowed", b"multipart/mixed; boundary=b", b"message/rfc822"]


def shown(body: bytes, **more: object) -> Shown:
    made = render.shown(body, **more)  # type: ignore[arg-type]
    assert made is not None
    assert decode_reply(ReadMessage(), encode(made), len(body)) == made
    return made


def mail(text: str, kind: str = "text/plain; charset=utf-8", *fields: str) -> bytes:
    return "\r\n".join(["From: a@b.example", *fields, f"Content-Type: {kind}", "", text]).encode()


def words(made: Shown | list[Block]) -> list[str]:
    blocks = made.blocks if isinstance(made, Shown) else made
    return ["".join(f"<{r.text}>" if r.kind == "link" else r.text for r in block.runs) for block in blocks]


def of_html(source: str) -> list[Block]:
    seen = html_text.visible_tree(source)
    assert seen is not None
    return html_blocks.read(seen[0]).blocks


def test_plain_text_is_paragraphs_with_levels_of_quoting() -> None:
    made = shown(samples.plain())
    assert [(b.kind, b.quote) for b in made.blocks] == [
        ("text", 0), ("text", 0), ("pre", 0), ("text", 1), ("text", 2), ("text", 1), ("text", 0)
    ]  # fmt: skip
    link = next(r for b in made.blocks for r in b.runs if r.kind == "link")
    assert (link.text, link.host, link.lies) == ("https://acme-paving.example/bid/14?rev=3", "acme-paving.example", False)


def test_flowed_text_is_joined() -> None:
    assert words(shown(mail("One \r\ntwo\r\nthree", "text/plain; format=flowed"))) == ["One two\nthree"]


def test_lines_that_a_program_wrapped_can_be_joined_on_a_narrow_screen() -> None:
    wrapped = "The crew counted all of them, and the letter to the owners should be in\r\nthe mail by noon.\r\nThat is late."
    assert str(reading(shown(mail(f"{wrapped}\r\n\r\nDana Ortiz\r\nWater\r\n")))).count('<span class="cm-soft">') == 1


def test_what_outlook_puts_above_an_answered_message_begins_a_quote() -> None:
    text = "-----Original Message-----\nFrom: x\n\nold"
    assert {b.quote for b in plaintext.blocks(f"New words.\n{text}")} == {0, 1}
    assert {b.quote for b in plaintext.blocks(text)} == {0}, "what is only passed on is no quote"


def test_html_is_read_without_a_tag() -> None:
    """Headings, lists, rows, quotes, pictures by their words; scripts, styles and what is hidden are not there."""
    made = shown(samples.phishing())
    assert words(made) == [
        "Updated bank details",
        "Dear Dana, please note that our bank has changed. <pay here> or at <www.acme-paving.example>.",
        "\u2022 Invoice 2291",
        "\u2022 Invoice 2292",
        "Invoice | Due",
        "2291 | $4,100.00",
        "Acme Paving",
        "On Monday Dana wrote:\nWhich account?\nThe old one was closed.\nPlease answer soon.",
    ]
    assert made.marks == ("hidden", "lies")
    assert (made.pictures, made.html) == (2, True)
    assert made.blocks[-1].quote == 1


def test_a_link_of_html_says_where_it_leads() -> None:
    """P-23, P-25."""
    first, second = [r for b in shown(samples.phishing()).blocks for r in b.runs if r.kind == "link"]
    assert (first.host, first.lies) == ("pay.acme-pavlng.example", False)
    assert (second.host, second.lies) == ("203.0.113.9", True)
    (bad,) = [r for b in of_html('<a href="javascript:alert(1)">x</a>') for r in b.runs]
    assert (bad.kind, bad.url, bad.text) == ("link", "", "x")


def test_a_name_that_is_written_like_another_address_is_noticed() -> None:
    """The name is the first thing that people read."""
    for sender, marks in (
        ('"mayor@city.example" <x@evil.example>', ("poses",)),
        ('"Mayor (mayor@city.example)" <x@evil.example>', ("poses",)),
        ('"Mayor@City.example" <mayor@city.example>', ()),
        ("Mayor <x@evil.example>", ()),
    ):
        assert shown(f"From: {sender}\r\n\r\nHello\r\n".encode()).marks == marks


def test_space_of_html_is_space_and_lines_are_lines() -> None:
    assert words(of_html("<p>a \n b<br> c<br><br>d</p><pre>e\n  f</pre>g")) == ["a b\nc", "d", "e\n  f", "g"]
    assert words(of_html("a<a href='http://x.example'> b </a>c, <a href='http://x.example'>d</a>.")) == ["a <b> c, <d>."]
    assert words(of_html("<ol><li>a<ol><li>b</ol><li>c</ol>")) == ["1. a", "\u20031. b", "2. c"], (
        "what lies in another item is seen to"
    )
    assert words(of_html("<div id=x>New</div><hr><div id=divRplyFwdMsg>From: y</div><div>old</div>")) == [
        "New",
        "",
        "From: y",
        "old",
    ]


@pytest.mark.rule("P-23, P-25", "Invisible characters, and those that change the writing direction, are shown by their number.")
def test_characters_that_nobody_would_see_are_shown() -> None:
    """In names also what has no width; in running text what turns it round or controls something."""
    assert runs.runs_of("moc\u202efdp.exe") == (Run("moc"), Run("U+202E", "control"), Run("fdp.exe"))
    assert runs.runs_of("a\u200bb\x07") == (Run("a"), Run("U+200B", "control"), Run("b"), Run("U+0007", "control"))
    assert runs.runs_of("\u05d3\u05e0\u05d4") == (Run("\u05d3\u05e0\u05d4"),)
    assert runs.runs_of("\U0001f468\u200d\U0001f469") == (Run("\U0001f468\u200d\U0001f469"),), "joiners are needed inside words"
    assert [r.kind for r in runs.link_runs("a\u2066b\x1bc\td\u200fe\n")] == ["text", "control", "text", "control", "text"]
    made = shown(samples.disguised())
    assert [r.text for r in made.subject if r.kind == "control"] == ["U+202E"]
    assert any(r.kind == "control" for r in made.to[0].name)
    assert made.files[-1].name == (Run("billfdp.exe"),), "the name of a file is read without them (core/message/mime_tree.py)"


def test_of_alternatives_html_is_read_unless_it_has_no_words() -> None:
    both = EmailMessage(policy=SMTP)
    both["From"] = "a@b.example"
    both.set_content("Plain words.")
    both.add_alternative("<p>Rich words.</p>", subtype="html")
    assert words(shown(both.as_bytes())) == ["Rich words."]
    both.get_payload()[1].set_content("<img src='http://x.example/all-of-it.png'>", subtype="html")  # type: ignore[union-attr,index]
    assert words(shown(both.as_bytes())) == ["Plain words."]


def test_a_charset_that_nobody_knows_is_read_as_well_as_it_goes_and_said() -> None:
    made = shown(b"From: a@b\r\nContent-Type: text/plain; charset=klingon-7\r\n\r\nCaf\xc3\xa9\r\n")
    assert words(made) == ["Caf\u00e9"]
    assert "charset-unknown" in made.defects


@pytest.mark.rule("P-06", "Text of any length and any number of files are shown in pages; nothing is cut off.")
def test_text_of_any_length_comes_in_pages() -> None:
    """Nothing is lost between pages, and no page is much longer than one."""
    text = "".join(f"Line {n} of a long report.\n" for n in range(12_000))
    first = shown(mail(text))
    pages = [shown(mail(text), page=n + 1) for n in range(first.pages)]
    assert first.pages == 4
    assert "\n".join(line for page in pages for line in words(page)) == text.strip()
    assert all(sum(map(len, words(page))) <= render.PAGE_SIZE for page in pages)
    assert shown(mail(text), page=99).page == 4
    assert shown(mail("x" * 250_000)).pages == 3


def test_what_a_sender_repeats_does_not_make_a_page_large() -> None:
    """Links, tags and characters that are shown by number count by what is written for them."""
    for source in ("<a href='http://x.example/'>b</a> " * 8_000, "<p>x</p>" * 8_000, "<img alt=a src=x>" * 8_000):
        first = shown(mail(source, "text/html"))
        assert first.pages > 2
        assert sum(len(block.runs) + 1 for block in first.blocks) < 10_000
    turned = shown(mail("a\u202e" * 20_000))
    assert sum(run.kind == "control" for block in turned.blocks for run in block.runs) <= 2 * runs.CONTROLS
    assert "\u202e" not in "".join(words(turned))


def test_many_alternatives_are_read_once_each() -> None:
    head, rich = "--b\r\nContent-Type: multipart/alternative; boundary=c%d\r\n\r\n", "Content-Type: text/html\r\n\r\n<p>rich"
    one = f"{head}--c%d\r\n\r\nplain\r\n--c%d\r\n{rich}\r\n--c%d--\r\n"
    made = shown(mail("".join(one % (n, n, n, n) for n in range(50)), "multipart/mixed; boundary=b"))
    assert words(made) == ["rich"] * 50


def test_files_come_in_pages() -> None:
    """A message of 3,000 files."""
    part = b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=f%d.pdf\r\n\r\n%%PDF-%d\r\n"
    body = (
        b"From: a@b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"".join(part % (n, n) for n in range(3000))
        + b"--b--\r\n"
    )
    made = shown(body, files_page=30)
    assert (made.file_count, made.files_pages, len(made.files)) == (3000, 30, 100)
    assert made.files[-1].path == "1.3000"
    assert words(made) == []


def test_files_are_called_by_what_they_are() -> None:
    """By content; a name that promises something else is odd."""
    pdf, photo = shown(samples.plain()).files
    assert (pdf.kind, pdf.odd, photo.kind, photo.odd) == ("pdf", False, "program", True)
    assert photo.declared == "image/jpeg"


@pytest.mark.rule("P-06", "Parts of an attached message or a winmail.dat can be read and downloaded by their path.")
def test_attached_messages_and_what_is_in_them_have_a_path() -> None:
    """A file of an attached message, the message itself, and its own reading view."""
    body = samples.disguised()
    letter, zipped, bill = shown(body).files
    assert [(f.path, f.depth, f.letter) for f in (letter, zipped, bill)] == [
        ("1.2", 0, True),
        ("1.2/1.2", 1, False),
        ("1.3", 0, False),
    ]
    assert render.part(body, "1.2/1.2") == ("a.zip", b"PK\x05\x06" + b"\0" * 18)
    name, inner = render.part(body, "1.2") or ("", b"")
    assert name == "The earlier one.eml"
    assert inner.startswith(b"From: old@city.example")
    assert words(shown(body, path="1.2")) == ["Words of the earlier one."]
    assert shown(body, path="1.2").files[0].path == "1.2/1.2"
    for path in ("1.9", "1", "1.2/9", "x", "1.2/1.2/1"):
        assert render.part(body, path) is None
        assert render.shown(body, path=path) is None


def test_files_of_a_winmail_dat_have_a_path() -> None:
    """P-06."""
    data = winmail(
        attribute(1, 0x69003, properties((0x0037001F, wide("Zoning")), (0x10130102, b"<p>marzipan</p>"))),
        attribute(2, 0x69002, b"\0" * 14),
        attribute(2, 0x69005, properties((0x3707001F, wide("budget.csv")), (0x37010102, b"\0" * 16 + b"a;b"))),
    )
    raw = attached(b"application/ms-tnef", b"winmail.dat", data)
    made = shown(raw)
    assert [f.path for f in made.files] == ["1.2.2"]
    assert render.part(raw, "1.2.2") == ("budget.csv", b"a;b")
    assert words(made) == ["hello", "marzipan"]


def test_what_is_signed_so_that_it_cannot_be_read_beside_it_is_opened() -> None:
    entity = b"Content-Type: text/plain\r\n\r\nthe signed words"
    raw = attached(b"application/pkcs7-mime; smime-type=signed-data", b"smime.p7m", opaque(entity))
    made = shown(raw)
    assert "the signed words" in words(made)
    assert not any(f.letter for f in made.files)


def test_what_a_mail_server_reports_is_read_as_it_stands() -> None:
    made = shown(mail("Final-Recipient: x\r\nAction: failed", "message/delivery-status"))
    assert [(b.kind, "".join(r.text for r in b.runs)) for b in made.blocks] == [("pre", "Final-Recipient: x\nAction: failed")]


@pytest.mark.parametrize(
    "body", [b"", b"\r\n", b"\0" * 100, b"From: a@b", b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b--"]
)
def test_what_is_hardly_a_message_is_shown_all_the_same(body: bytes) -> None:
    assert shown(body).size == len(body)


def test_a_line_among_the_header_that_is_no_field_is_read_as_it_stands() -> None:
    made = shown(b"From: a@b.example\r\ngravel and  sand\r\nSubject: kept\r\nContent-Type: text/html\r\n\r\n<p>then text</p>\r\n")
    assert words(made) == ["then text", "gravel and  sand"] and made.blocks[-1].kind == "pre"
    assert "header-line" in made.defects and not made.files


def test_words_around_the_parts_and_a_piece_of_a_message_are_read_as_they_stand() -> None:
    """P-24, promise 8."""
    parts = "--b\r\nContent-Type: text/html\r\n\r\n<p>then text</p>\r\n--b--\r\n"
    made = shown(mail(f"gravel and  sand\r\n{parts}", "multipart/mixed; boundary=b"))
    assert words(made) == ["then text", "gravel and  sand"] and made.blocks[-1].kind == "pre"
    assert "outside-parts" in made.defects and not made.files
    piece = shown(mail("gravel and  sand", "message/partial; id=x; number=2; total=2"))
    assert words(piece) == ["gravel and  sand"] and "sealed" in piece.marks and len(piece.files) == 1


def test_headers_stand_as_they_stood() -> None:
    lines, count = render.headers(b"Received: a\r\nX: 1\r\n 2\r\nSubject: =?utf-8?q?=E2=80=AE?=x\r\nX: 3\r\n\r\n") or ([], 0)
    assert [(line.name, "".join(r.text for r in line.value)) for line in lines] == [
        ("Received", "a"), ("X", "1 2"), ("Subject", "U+202Ex"), ("X", "3")
    ]  # fmt: skip
    assert count == 4


@settings(max_examples=80)
@given(st.binary(max_size=200), st.sampled_from(KINDS))
def test_no_bytes_stop_the_reading(body: bytes, kind: bytes) -> None:
    raw = b"From: " + body[:40].replace(b"\n", b"") + b"\r\nContent-Type: " + kind + b"\r\n\r\n" + body
    made = shown(raw)
    assert made.size == len(raw)
    for block in made.blocks:
        assert not any(ord(c) < 32 and c not in "\n\t" for run in block.runs for c in run.text)
