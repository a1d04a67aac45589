"""Mail in every wrapping that is imported, each with a word of its own somewhere inside it."""

from __future__ import annotations

import base64
import gzip
import io
import lzma
import quopri
import struct
import tarfile
from pathlib import Path

from core.message.test_codes import apple, binhexed, in_base64, yencoded
from core.message.test_embedded import attribute, der, properties, uuencoded, wide, winmail
from core.sandbox.samples import docx, package, paragraph, pdf, word, xlsx, zipped
from mail.importers.compound import Storage, compound, msg
from mail.importers.compound import properties as streams
from mail.importers.pstwriter import Book, File, Mail, typed

HEAD = "From: ana@out.example\r\nTo: bo@city.example\r\nDate: Mon, 02 Mar 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
APPOINTMENT, TASK, CONTACT = (f"0006{n}-0000-0000-c000-000000000046" for n in ("2002", "2003", "2004"))
SCRIPTS = {
    "koi8-r": "водоканал",
    "windows-1251": "набережная",
    "shift_jis": "下水道工事",
    "iso-2022-jp": "浄水場計画",
    "gb18030": "自来水厂",
    "euc-kr": "상수도본부",
    "iso-8859-7": "ύδρευση",
    "windows-1255": "ביוב",
    "utf-16": "kanalizace",
}


def made(kind: str, body: bytes, encoding: str = "base64", extra: str = "", subject: str = "s") -> bytes:
    data = base64.encodebytes(body).replace(b"\n", b"\r\n") if encoding == "base64" else body
    head = f"{HEAD}Subject: {subject}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n{extra}\r\n"
    return head.encode() + data


def mixed(kind: str, body: bytes, filename: str = "a.bin", encoding: str = "base64") -> bytes:
    data = base64.encodebytes(body).replace(b"\n", b"\r\n") if encoding == "base64" else body
    head = (
        f'{HEAD}Subject: s\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nsee the file\r\n--b\r\n'
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n"
        f'Content-Disposition: attachment; filename="{filename}"\r\n\r\n'
    )
    return head.encode() + data + b"\r\n--b--\r\n"


def plain(place: str) -> bytes:
    return f"{HEAD}Subject: s\r\n\r\nthe word {word(place)} here\r\n".encode()


def nested(place: str, depth: int) -> bytes:
    raw = plain(place)
    for _ in range(depth):
        raw = f"{HEAD}Subject: s\r\nContent-Type: message/rfc822\r\n\r\n".encode() + raw
    return raw


def folded(place: str) -> str:
    """A word that is broken across two lines, as iCalendar and vCard may."""
    return f"{word(place)[:3]}\r\n {word(place)[3:]}"


def rtf_only(place: str) -> bytes:
    """A MSG file whose body is nothing but RTF."""
    source = b"{\\rtf1\\ansi " + word(place).encode() + b"}"
    return compound(streams({0x001A: "IPM.Note", 0x1009: struct.pack("<IIII", 0, len(source), 0x414C454D, 0) + source}, 32))


def packed(place: str) -> bytes:
    """A MSG file with a document that was put into its text as an object."""
    top = msg("s", "b", {})
    inside: Storage = {"\x01Ole10Native": package("a.docx", docx(paragraph(word(place))))}
    top["__attach_version1.0_#00000000"] = {**streams({0x3001: "Package", 0x3705: 6}, 8), "__substg1.0_3701000D": inside}
    return compound(top)


def opaque(place: str) -> bytes:
    entity = b"Content-Type: text/plain\r\n\r\n" + word(place).encode() + b"\r\n"
    oid, data = der(6, bytes.fromhex("2a864886f70d010702")), der(6, bytes.fromhex("2a864886f70d010701"))
    signed = der(0x30, der(2, b"\1"), der(0x31), der(0x30, data, der(0xA0, der(4, entity))))
    return made("application/pkcs7-mime; smime-type=signed-data", der(0x30, oid, der(0xA0, signed)))


def tnef(*attributes: bytes) -> bytes:
    return mixed("application/ms-tnef", winmail(*attributes), "winmail.dat")


def letters() -> dict[str, bytes]:
    """Single messages."""
    w = word
    encoded = [f"=?utf-8?B?{base64.b64encode(part.encode()).decode()}?=" for part in (w("subject")[:4], w("subject")[4:])]
    quoted = quopri.encodestring(b"x " * 36 + w("quoted").encode()).replace(b"\n", b"\r\n")
    inner = winmail(attribute(1, 0x69003, properties((0x0037001F, wide("s")), (0x1000001F, wide(w("tnef-item"))))))
    iid = bytes.fromhex("0703020000000000c000000000000046")
    embedded = struct.pack("<IHHII", 1, 0x0D, 0x3701, 1, 16 + len(inner)) + iid + inner + b"\0" * (-len(inner) % 4)
    rendered = attribute(2, 0x69002, bytes(14))
    return {
        "quoted": made("text/plain", quoted, "quoted-printable"),
        "base64": made("text/plain", w("base64").encode()),
        "subject": made("text/plain", b"x", subject="\r\n ".join(encoded)),
        "filename": mixed("application/octet-stream", b"words", f"{w('filename')}.bin"),
        "html": made("text/html", f"<p>{w('html')[:2]}<b>{w('html')[2:]}</b></p>".encode()),
        "entity": made("text/html", "".join(f"&#{ord(letter)};" for letter in w("entity")).encode()),
        "calendar": mixed("text/calendar", f"BEGIN:VEVENT\r\nLOCATION:{folded('calendar')}\r\nEND:VEVENT\r\n".encode(), "i.ics"),
        "card": mixed("text/vcard", f"BEGIN:VCARD\r\nNOTE:{folded('card')}\r\nEND:VCARD\r\n".encode(), "c.vcf"),
        "nested": nested("nested", 12),
        "digest": f"{HEAD}Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\n".encode()
        + plain("digest")
        + b"\r\n--d--\r\n",
        "report": (
            f"{HEAD}Content-Type: multipart/report; boundary=r\r\n\r\n--r\r\n\r\nfailed\r\n--r\r\n"
            f"Content-Type: message/delivery-status\r\n\r\nDiagnostic-Code: smtp; 550 {w('report')}\r\n--r--\r\n"
        ).encode(),
        "uuencode": f"{HEAD}Subject: s\r\n\r\nsee\r\n".encode() + uuencoded("a.docx", docx(paragraph(w("uuencode")))),
        "x-uuencode": made("application/pdf", uuencoded("a.pdf", pdf(w("x-uuencode"))), "x-uuencode"),
        "tnef": tnef(attribute(1, 0x69003, properties((0x10130102, f"<p>{w('tnef')}</p>".encode())))),
        "tnef-file": tnef(rendered, attribute(2, 0x18010, b"a.xlsx\0"), attribute(2, 0x6800F, xlsx(w("tnef-file")))),
        "tnef-item": tnef(rendered, attribute(2, 0x69005, embedded)),
        "signed": opaque("signed"),
        "msg-in-mail": mixed("application/vnd.ms-outlook", compound(msg("s", w("msg-in-mail"), {}))),
        "msg-rtf": mixed("application/vnd.ms-outlook", rtf_only("msg-rtf")),
        "msg-package": mixed("application/vnd.ms-outlook", packed("msg-package")),
        **hidden(),
        **{f"charset-{charset}": made(f"text/plain; charset={charset}", text.encode(charset)) for charset, text in SCRIPTS.items()},
    }


def hidden() -> dict[str, bytes]:
    """Where no reader of MIME looks, and in codes that mail programs undo by themselves."""
    w, head = word, f"{HEAD}Subject: s\r\n".encode()
    multi = head + b"Content-Type: multipart/mixed; boundary=b\r\n"
    parts = b"--b\r\n\r\nshown\r\n--b--\r\n"
    page = f"--b\r\nContent-Type: text/html\r\n\r\n<p>{w('coded-parts')[:2]}<b>{w('coded-parts')[2:]}</b></p>\r\n--b--\r\n"
    return {
        "before-parts": multi + f"\r\n{w('before-parts')}\r\n".encode() + parts,
        "behind-parts": multi + b"\r\n" + parts + f"{w('behind-parts')}\r\n".encode(),
        "coded-parts": multi + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(page.encode()),
        "yenc": head + b"\r\nsee\r\n" + yencoded("a.docx", docx(paragraph(w("yenc")))),
        "binhex": head + b"\r\nsee\r\n" + binhexed("a.docx", docx(paragraph(w("binhex")))),
        "uuencode-base64": head + b"\r\nsee\r\n" + in_base64("a.docx", docx(paragraph(w("uuencode-base64")))),
        "pasted": head + b"\r\nsee\r\n" + base64.encodebytes(docx(paragraph(w("pasted")))),
        "applefile": made("application/applefile", apple((3, b"a.docx"), (1, docx(paragraph(w("applefile")))))),
        "strange-message": made("message/x-strange", w("strange-message").encode()),
        "forty-letters": nested("forty-letters", 40),
    }


def containers() -> dict[str, bytes]:
    """Files that hold mail, by their names."""
    w = word
    line = b"From ana@out.example Mon Mar  2 12:00:00 2026\n"
    report = (
        f"{HEAD}X-MS-Journal-Report:\r\nContent-Type: multipart/mixed; boundary=jr\r\n\r\n--jr\r\n\r\n"
        "Sender: ana@out.example\r\n"
        f"Message-Id: <j1@out.example>\r\nBcc: {w('journal-bcc')}@city.example\r\n\r\n--jr\r\nContent-Type: message/rfc822\r\n\r\n"
    ).encode()
    inner = msg("Inner", w("msg-item"), {"a.docx": docx(paragraph(w("msg-item-file")))}, header=24)
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for name, content in (("box/new/1.a", plain("tar-gz-maildir")), ("box/cur/2.b:2,S", plain("tar-gz-maildir-seen"))):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return {
        "one.mbox": line + plain("mbox").replace(b"\r\n", b"\n") + b"\n",
        "old.mbox.gz": gzip.compress(line + plain("mbox-gz").replace(b"\r\n", b"\n") + b"\n"),
        "box.tar.gz": gzip.compress(tar.getvalue()),
        "mail.zip": zipped(
            {"in.zip": zipped({"deep/one.eml": plain("zip-zip-eml")}), "two.msg": compound(msg("s", w("zip-msg"), {}))}
        ),
        "one.eml.xz": lzma.compress(plain("eml-xz")),
        "letter.msg": compound(msg("s", w("msg"), {"a.pdf": pdf(w("msg-file"))}, inner)),
        "form.oft": compound(msg("s", w("oft"), {})),
        "winmail.dat": winmail(attribute(1, 0x69003, properties((0x0037001F, wide("s")), (0x1000001F, wide(w("winmail")))))),
        "journaled.eml": report + plain("journal") + b"\r\n--jr--\r\n",
        "store.pst": store(),
    }


CONTAINED = (
    "mbox",
    "mbox-gz",
    "tar-gz-maildir",
    "tar-gz-maildir-seen",
    "zip-zip-eml",
    "zip-msg",
    "eml-xz",
    "msg",
    "msg-file",
    "msg-item",
    "msg-item-file",
    "oft",
    "winmail",
    "journal",
    "journal-bcc",
    "pst",
    "pst-file",
    "pst-item",
    "pst-item-file",
    "pst-place",
    "pst-when",
    "pst-owner",
    "pst-street",
    "pst-note",
    "pst-folder",
    "pst-list",
)


def store() -> bytes:
    w = word
    note = {0x001A: "IPM.Note", 0x0037: "s"}
    inner = Mail({**note, 0x1000: w("pst-item")}, files=[File("a.docx", docx(paragraph(w("pst-item-file"))))])
    one_off = bytes(4) + bytes.fromhex("812b1fa4bea310199d6e00dd010f5402") + b"\0\0\x01\x90"
    member = one_off + f"{w('pst-list')}\0SMTP\0x@y.example\0".encode("utf-16-le")
    members = (0x1102, struct.pack("<II", 1, 8) + member)
    return Book().whole(
        {
            f"{w('pst-folder')} papers": [
                Mail({**note, 0x1000: w("pst")}, files=[File("a.pdf", pdf(w("pst-file"))), File("i", inner)])
            ],
            "Calendar": [
                Mail({0x001A: "IPM.Appointment", 0x0037: "s"}, named={(APPOINTMENT, 0x8208): w("pst-place")}),
                Mail(
                    {0x001A: "IPM.Appointment", 0x0037: "s"},
                    named={(APPOINTMENT, 0x8232): f"every {w('pst-when')}", (APPOINTMENT, 0x8208): "x"},
                ),
            ],
            "Tasks": [Mail({0x001A: "IPM.Task", 0x0037: "s"}, named={(TASK, 0x811F): w("pst-owner")})],
            "Contacts": [
                Mail({0x001A: "IPM.Contact", 0x3001: "x"}, named={(CONTACT, 0x8045): w("pst-street")}),
                Mail({0x001A: "IPM.DistList", 0x3001: "x"}, named={(CONTACT, 0x8054): members}),
            ],
            "Notes": [Mail({0x001A: "IPM.StickyNote", 0x1000: typed(w("pst-note"))})],
        }
    )


def queries() -> dict[str, str]:
    """Place to the question that finds it."""
    asked = {place: word(place) for place in (*letters(), *CONTAINED) if not place.startswith("charset-")}
    asked |= {f"charset-{charset}": text for charset, text in SCRIPTS.items()}
    return {**asked, "journal-bcc": f"rcpt:{word('journal-bcc')}@city.example", "pst-folder": f"folder:{word('pst-folder')}"}


def lay(folder: Path) -> None:
    folder.mkdir()
    for name, content in {**{f"{place}.eml": raw for place, raw in letters().items()}, **containers()}.items():
        (folder / name).write_bytes(content)
