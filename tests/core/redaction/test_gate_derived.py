"""What is derived passes the gate in every script: a false alarm would keep a lawful production back (R22)."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from civicmail.core.redaction.native_path import native_eml
from civicmail.core.redaction.read import document_of
from civicmail.core.redaction.shapes import Redaction
from civicmail.core.redaction.sheet_path import sheet_csv
from civicmail.core.redaction.text_path import text_pdf
from core.redaction.pdfs import SECRET
from core.redaction.test_gate import refusals

TEXTS = {
    "German": "Grüße aus Köln, Straße 5 ÄÖÜß",
    "Spanish": "¿Qué pasó mañana? Señor Núñez",
    "ligatures": "eﬃcient oﬃce ﬁne ﬂow",
    "emoji": "Hi 😀👍🏽 ok ❤️",
    "Arabic": "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 \u0662\u0660\u0662\u0666",
    "Hebrew": "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
    "Chinese": "\u4f60\u597d\u4e16\u754c \u57ce\u5e02",
    "Hindi": "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e",
    "Vietnamese": "Nguyễn Thị Hương",
    "Turkish": "İstanbul \u0131ss\u0131z",
    "combining": "e\u0301 a\u0308 n\u0303o",
    "signs": "m² H₂O x³ ½ № ™ ①",
    "invisible": "a\u200bb\u200cc\u200dd soft\u00adhyphen a\u00a0b",
    "address": "see https://city.example/a?b=c&d=%41_x-y#z",
    "long word": "x" * 300,
    "hyphens": "self-\nservice co-\noperate",
    "quotes": "> > quoted\n>> more",
}


@pytest.mark.rule("promise 9", "What is derived from surviving words passes the gate in every script.")
@pytest.mark.parametrize("script", TEXTS)
def test_r22_what_is_derived_passes_the_gate(script: str) -> None:
    text = TEXTS[script]
    line = " ".join(text.split()).replace('"', "")
    message = EmailMessage(SMTP)
    message["From"] = f'"{line[:40]}, X" <desk@city.example>'
    message["To"] = 'Ann Lee <ann@city.example>, "Doe, John" <john@city.example>'
    message["Subject"] = f"{line} {SECRET} " * 6
    message.set_content(f"{text}\n\nfrom {SECRET} end\n{text}")
    document = document_of(message.as_bytes(), "letter.eml", media_type="message/rfc822")
    found = [n for n, word in enumerate(document.words) if SECRET in word.text]
    redactions = [Redaction(number, "§19.36(10)(a)", n, n) for number, n in enumerate(found, 1)]
    pdf = text_pdf(document, redactions, title="Message", lang="en", number="PR-1")
    mail = native_eml(document, redactions, number="PR-2", attachments=[pdf], note="Removed: 1 file.")
    table = document_of(f'a,b\n=1+1,"{line}"\n-5,@x\n'.encode(), "list.csv", media_type="text/csv")
    assert len(found) == 7
    assert refusals(pdf, mail, *sheet_csv(table, (), number="PR-3")) == []
