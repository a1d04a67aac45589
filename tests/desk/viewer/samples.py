"""Messages that show what a page of one can look like."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

_PLAIN = """Dana,

the drawings are attached. Section 4 changed since Monday, see https://acme-paving.example/bid/14?rev=3 for the list.

Item        Quantity   Unit
Curb            1,240  ft
Overlay        18,300  sq yd

> Could you send the quantities again?
> The last file would not open.
>
> > We can meet on Thursday.
> > The gate on Seventh Street is locked after five,
> > so call when you are there.
>
> Dana

Regards,
Joe
"""
_PAGE = """<html><head><style>p{color:#333}</style></head><body bgcolor="#eef">
<span style="display:none">You have a new bill</span>
<h1 style="color:#036">Updated bank details</h1><p>Dear Dana, please note that our bank has changed.
<a href="http://pay.acme-pavlng.example/in">pay here</a> or at <a href="http://203.0.113.9/x">www.acme-paving.example</a>.</p>
<ul><li>Invoice 2291<li>Invoice 2292</ul>
<table><tr><th>Invoice</th><th>Due</th></tr><tr><td>2291</td><td>$4,100.00</td></tr></table>
<img src="http://track.example/p.gif" alt="Acme Paving"><img src="cid:logo@x" width="40" height="40">
<blockquote>On Monday Dana wrote:<br>Which account?<br>The old one was closed.<br>Please answer soon.</blockquote>
</body></html>"""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


def _mail(**fields: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    for name, value in fields.items():
        mail[name.replace("_", "-")] = value
    mail["Date"] = "Mon, 02 Mar 2026 09:12:00 -0600"
    mail["Message-ID"] = f"<{len(fields)}@acme.example>"
    return mail


def plain() -> bytes:
    """Running text with a link, a table of spaces, and quotes of two levels."""
    mail = _mail(From="Joe Brand <joe@acme-paving.example>", To="Dana Ortiz <dana.ortiz@city.example>", Subject="Bid set 14")
    mail.set_content(_PLAIN)
    mail.add_attachment(b"%PDF-1.7\n" + b"x" * 40_000, maintype="application", subtype="pdf", filename="drawings 14.pdf")
    mail.add_attachment(b"MZ" + b"\0" * 2000, maintype="image", subtype="jpeg", filename="photo.jpg")
    return mail.as_bytes()


def phishing() -> bytes:
    """HTML with links that lie, a hidden line, pictures from elsewhere and one that came along."""
    mail = _mail(
        From="Accounts <accounts@acme-pavlng.example>",
        Reply_To="pay@elsewhere.example",
        To=", ".join(f"Person {n} <p{n}@city.example>" for n in range(14)),
        Cc="Lena Vogt <lena.vogt@city.example>",
        Subject="Updated bank details for invoice 2291",
    )
    mail.set_content(_PAGE, subtype="html")
    mail.add_related(PNG, maintype="image", subtype="png", cid="<logo@x>")
    mail.add_attachment(b"<!doctype html><script>1</script>", maintype="application", subtype="pdf", filename="invoice.pdf")
    return mail.as_bytes()


def disguised() -> bytes:
    """A name in a right-to-left script, one that turns the direction, a file whose name hides its end, an attached message."""
    mail = _mail(
        From="\u05d3\u05e0\u05d4 \u05db\u05d4\u05df <dana@haifa.example>",
        To="Clerk\u202emoc.knab <clerk@city.example>",
        Subject="\u05e9\u05dc\u05d5\u05dd 2026 \u202eexe.txt",
    )
    mail.set_content("\u05e9\u05dc\u05d5\u05dd \u05dc\u05db\u05d5\u05dc\u05dd, see \u202ednib\u202c below.\n")
    inner = EmailMessage(policy=SMTP)
    inner["From"] = "old@city.example"
    inner["Subject"] = "The earlier one"
    inner.set_content("Words of the earlier one.\n")
    inner.add_attachment(b"PK\x05\x06" + b"\0" * 18, maintype="application", subtype="zip", filename="a.zip")
    mail.add_attachment(inner)
    mail.add_attachment(b"MZ\0\0", maintype="application", subtype="octet-stream", filename="bill\u202efdp.exe")
    return mail.as_bytes()


def files_only() -> bytes:
    """No text at all."""
    mail = _mail(From="scanner@city.example", To="dana.ortiz@city.example", Subject="Scan")
    mail.make_mixed()
    mail.add_attachment(b"%PDF-1.7\n", maintype="application", subtype="pdf", filename="one.pdf")
    mail.add_attachment(PNG, maintype="image", subtype="png", filename="two.png")
    return mail.as_bytes()
