"""The sample city's mail: the same for the same seed, of every kind, and of nobody real."""

from __future__ import annotations

import email
import email.policy
import hashlib
import re
import textwrap
from itertools import islice
from random import Random

import pytest

from civicmail.front.sample import people
from civicmail.front.sample.letters import filled
from civicmail.front.sample.mail import KINDS, messages
from civicmail.front.sample.malformed import BREAKERS
from civicmail.front.sample.prose import paragraphs

MANY = list(islice(messages(1), 2000))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert list(islice(messages(1), 200)) == MANY[:200]
    assert list(islice(messages(2), 200)) != MANY[:200]


def test_the_mail_of_seed_1_does_not_change_between_machines() -> None:
    digest = hashlib.sha256(b"".join(m.content for m in islice(messages(1, kinds=("plain", "reply", "html")), 100))).hexdigest()
    assert digest == "9b998f824dea2da1b850fd2a07222634699c237eecc776a0fca9d8e644f860f4"


def test_lines_are_broken_as_the_standard_library_does_it() -> None:
    r = Random(1)
    for text in [p for _ in range(300) for p in paragraphs(r, "absentee-ballot count")]:
        assert filled(text) == textwrap.fill(text, 76)
    assert filled("x" * 200) == "x" * 200


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_can_be_had_alone(kind: str) -> None:
    assert len(list(islice(messages(3, kinds=(kind,)), 20))) == 20


def test_every_message_fits_the_wire_of_a_listener_for_strangers() -> None:
    for m in MANY:
        assert b"\0" not in m.content
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n", m.content)
        assert m.content.endswith(b"\r\n")


def test_every_address_is_invented_and_ascii() -> None:
    reserved = re.compile(r"[a-z0-9.\-]+@([a-z0-9-]+\.)*example")
    for person in (*people.SAMPLE.employees, *people.residents(), *people.vendors(), *people.cheats()):
        assert reserved.fullmatch(person.address), person
    for m in MANY:
        assert all(reserved.fullmatch(a) for a in (m.sender, *m.recipients))
        for found in re.findall(rb"[\w.+-]+@[\w-]+(?:\.[\w-]+)*", m.content):
            assert found.endswith(b"example"), found


def test_people_have_one_address_each() -> None:
    everybody = (*people.SAMPLE.employees, *people.residents(), *people.vendors(), *people.cheats())
    assert len({p.address for p in everybody}) == len(everybody)


def test_strangers_write_only_to_the_city() -> None:
    assert all(r.endswith("@" + people.DOMAIN) for m in MANY if not m.inside for r in m.recipients)
    assert any(not r.endswith("@" + people.DOMAIN) for m in MANY if m.inside for r in m.recipients)


def test_well_formed_kinds_have_no_defect_that_the_standard_library_sees() -> None:
    for m in islice(messages(4, kinds=("plain", "reply", "html", "files", "foreign", "newsletter", "forward", "spam")), 300):
        letter = email.message_from_bytes(m.content, policy=email.policy.default)
        for part in letter.walk():
            assert not part.defects, (m.content, part.defects)
        assert letter["Message-ID"]
        assert letter["Date"].datetime


def test_threads_refer_to_messages_that_exist() -> None:
    ids = {i for m in MANY for i in re.findall(rb"(?m)^Message-ID: <(.+)>\r$", m.content)}
    answers = [i for m in MANY for i in re.findall(rb"(?m)^In-Reply-To: <(.+)>\r$", m.content)]
    assert len(answers) > 200
    assert set(answers) <= ids


def test_every_way_to_be_malformed_turns_up() -> None:
    contents = [m.content for m in islice(messages(5, kinds=("malformed",)), 400)]
    signs = (
        rb"Stra\xdfe",
        rb"\*gd29",
        rb'"never"',
        rb"x-klingon",
        rb"this is not a header",
        rb"somebody\.else",
        rb"25:61",
        rb"(word ){900}",
        rb"b119",
    )
    for sign in signs:
        assert any(re.search(sign, c) for c in contents), sign
    assert len(BREAKERS) == 12


def test_attachments_open() -> None:
    import io
    import zipfile

    seen = set()
    for m in islice(messages(6, kinds=("files",)), 60):
        for part in email.message_from_bytes(m.content, policy=email.policy.default).iter_attachments():  # type: ignore[attr-defined]
            content, kind = part.get_payload(decode=True), part.get_content_type()
            seen.add(kind)
            if kind == "application/pdf":
                start = int(content.split(b"startxref\n")[1].split()[0])
                assert content[start : start + 4] == b"xref"
            elif kind.endswith("document"):
                assert b"<w:t>" in zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml")
                assert "für" in part.get_filename()
            elif kind == "image/png":
                assert content.startswith(b"\x89PNG")
    assert len(seen) == 5
