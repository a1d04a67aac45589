"""HTML that builds a file by script, web pages saved as messages, and files that install or connect something (P-25)."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import message_parser
from civicmail.mail.screening import files
from civicmail.mail.screening.allowance import Allowance
from civicmail.mail.screening.shapes import CheckResult
from core.sandbox import samples
from mail.screening import filesamples as made
from mail.screening.filecases import OPENS, mail, zipped
from mail.screening.test_files import found, masks, true

CODED = b64encode(zipped("setup.exe", made.PROGRAM + bytes(range(256)) * 3)).decode()
BUILDERS = {
    "link": "b = new Blob([Uint8Array.from(atob(p), c => c.charCodeAt(0))]); a.href = URL.createObjectURL(b); a.download = 'x'",
    "old": "window.navigator.msSaveOrOpenBlob(new Blob([unescape(p)]), 'x.zip')",
    "attribute": "a.setAttribute('download', 'x.zip'); a.href = 'blob:' + String.fromCharCode(...atob(p))",
    "file": "new File([atob(p)], 'x.zip')",
}


def page(code: str, carried: str = CODED) -> bytes:
    return f"<html><body><script>var p = '{carried}'; {code}; a.click()</script></body></html>".encode()


def shown(html: bytes) -> CheckResult:
    raw = b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n" + html
    return files.scan_files(message_parser.parse(raw), Allowance())


@pytest.mark.rule(
    "P-25",
    "HTML whose script builds a file from its data is reported, as a file and as the text, and its data are checked like a file.",
)
@pytest.mark.parametrize("kind", BUILDERS)
def test_a_page_that_builds_a_file_is_seen_and_so_is_the_file(kind: str) -> None:
    """Attached, in an archive, in a text, and as the text itself."""
    html = page(BUILDERS[kind])
    for seen in (found(("page.html", html)), found(("a.zip", zipped("page.htm", html))), shown(html)):
        assert {"smuggling", "executable"} <= true(seen), seen.findings
        assert seen.facts["files.types"][-1] in ("html", "zip") or "exe" in seen.facts["files.types"]
    harmless = page(BUILDERS[kind], "short")
    assert true(found(("page.html", harmless))) == {"smuggling", "form"} and true(shown(harmless)) == {"smuggling"}


def test_a_page_that_only_has_a_script_builds_nothing() -> None:
    for html in (b"<script>document.write('x')</script>", b"<p>new Blob( and atob(</p>", b"<script>eval(unescape('x'))</script>"):
        assert "smuggling" not in true(found(("page.html", b"<html>" + html))) | true(shown(b"<html>" + html))
    chart = page("new Blob([csv]); q = new Uint8Array(9)", b64encode(b"\x89PNG\r\n\x1a\n" + bytes(900)).decode())
    assert true(found(("chart.html", chart))) == {"smuggling", "form"}, "a report with a download is told of, and no more"


HEAD = b"From: <Saved by Blink>\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"


def archive(*parts: tuple[str, bytes], head: bytes = HEAD) -> bytes:
    lines = b"".join(
        f"--b\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + b64encode(content) + b"\r\n"
        for kind, content in parts
    )
    return head + lines + b"--b--\r\n"


@pytest.mark.rule(
    "P-25",
    "A web page saved as a message is examined, and a file that installs, connects or configures a system counts as a program.",
)
@pytest.mark.parametrize("name", ["page.mht", "page.mhtml", "letter.doc"])
def test_a_web_archive_is_looked_into_and_acts(name: str) -> None:
    """Word opens one that is called a document, with its macros."""
    plain = archive(("text/html", b"<html><p>words</p></html>"))
    assert "active" in true(found((name, plain))) and "mht" in masks(found((name, plain)), "acts")
    assert {"smuggling", "executable"} <= true(found((name, archive(("text/html", page(BUILDERS["link"]))))))
    word = archive(("application/x-mso", samples.ole(made.project(OPENS))), head=HEAD.replace(b"From: <Saved by Blink>\r\n", b""))
    assert "macros" in true(found((name, word)))
    assert "active" not in true(found(("letter.eml", plain))), "a message is a message"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("setup.appinstaller", b"<?xml version='1.0'?><AppInstaller Uri='https://x.example/a'/>"),
        ("a.searchConnector-ms", b"<?xml version='1.0'?><searchConnectorDescription/>"),
        ("a.library-ms", b"<?xml version='1.0'?><libraryDescription/>"),
        ("a.search-ms", b"<?xml version='1.0'?><persistedQuery/>"),
        ("a.application", b"<?xml version='1.0'?><assembly/>"),
        ("a.vsto", b"<?xml version='1.0'?><assembly/>"),
        ("a.theme", b"[Theme]\r\n"),
        ("a.msix", samples.zipped({"AppxManifest.xml": "<Package/>"})),
        ("a.mde", bytes(range(200))),
    ],
)
def test_a_file_that_installs_connects_or_dresses_a_system_is_a_program(name: str, content: bytes) -> None:
    """P-25."""
    assert "executable" in true(found((name, content)))
    assert "executable" in true(found(("a.zip", zipped(name, content))))


def test_shortcuts_and_notes_act() -> None:
    assert "active" in true(found(("a.url", b"[InternetShortcut]\r\nURL=https://x.example/")))
    assert "active" in true(found(("a.one", bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(99))))


@given(st.binary(max_size=300), st.integers(0, 900))
def test_any_bytes_in_a_page_that_builds_a_file_are_read(noise: bytes, at: int) -> None:
    html = page(BUILDERS["link"])
    files.scan_files(
        message_parser.parse(mail(("a.html", html[:at] + noise + html[at:]), ("a.mht", archive(("text/html", noise))))), Allowance()
    )
