"""What a reader is told on the way to a mailbox, and what no stranger tells them in our name (P-26, RFC 8601 5)."""

from __future__ import annotations

import asyncio
import email
import email.policy
import uuid

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from civicmail.city.policy.dispositions import Finding
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.courier.notice_headers import foreign_fields, notice_lines
from civicmail.mail.courier.rendering import as_sent

HOST = "mail.city.example"
FOUND = (Finding("spf", "pass", mask="smtp.mailfrom=out.example"), Finding("dkim", "none"), Finding("screening", "made"))


def test_results_and_marks_are_lines_that_mail_programs_read() -> None:
    """One header for each mark, with the number by which the decision is found."""
    said = notice_lines(
        HOST, FOUND, [("staff-name", "This comes from outside under the name of a colleague. " * 3), ("x", "Grüße")], "0198-id"
    )
    header = "\r\n".join([*said, "", ""])
    assert all(len(line) <= 78 for line in said)
    read = email.message_from_string(header, policy=email.policy.default)
    assert "spf=pass" in read["Authentication-Results"] and read["Authentication-Results"].startswith(HOST)
    first, second = read.get_all("Civicmail-Notice")
    assert first.startswith("staff-name; decision=0198-id") and "under the name of a colleague" in first
    assert "Grüße" in second


def test_where_nobody_looked_and_nothing_is_marked_nothing_is_added() -> None:
    assert notice_lines(HOST, (Finding("edge", "x-spam"),), (), "i") == []


@pytest.mark.rule(
    "P-25, P-26, promise 7",
    "Findings for a reader are in the header of the copy, and strangers cannot forge them in our name.",
)
def test_what_a_stranger_wrote_in_our_name_is_taken_out_even_if_the_edge_is_believed() -> None:
    header = (
        b"Authentication-Results: mail.city.example; dkim=pass\r\nAUTHENTICATION-RESULTS : (x) Mail.City.Example 1; spf=pass\r\n"
        b"Authentication-Results: edge.example; spf=fail\r\nX-Spam-Score: 1\r\nCivicMail-Notice: safe;\r\n"
        b"\tdecision=1\r\nSubject: x\r\n"
    )

    def left(*, believed: bool) -> bytes:
        rest = header
        for span in sorted(foreign_fields(header, HOST, believed=believed), key=lambda r: -r["offset"]):
            rest = rest[: span["offset"]] + rest[span["offset"] + span["length"] :]
        return rest

    assert left(believed=True) == b"Authentication-Results: edge.example; spf=fail\r\nX-Spam-Score: 1\r\nSubject: x\r\n"
    assert left(believed=False) == b"Subject: x\r\n"


@given(st.text(max_size=400))
@example("\0")
def test_words_never_end_a_header_or_begin_another(words: str) -> None:
    said = notice_lines(HOST, (), [("m", words.encode("utf-8", "replace").decode())], "i")
    assert said[0] == "Civicmail-Notice: m; decision=i" and all(line.startswith("\t") for line in said[1:])
    assert not any(c in line for line in said for c in "\r\n\0")


def test_a_copy_that_was_screened_later_tells_what_was_found_then(town) -> None:
    """The receipt knew nothing of it; the record of what left rebuilds it all."""

    async def story() -> None:
        id_ = town.keep("bob@city.example", kind="mx", do="pending", sender="eve@out.example")
        facts = {
            "do": "mark",
            "rules": ["staff-name"],
            "marks": [["staff-name", "Not who you think."]],
            "findings": [f.plain() for f in FOUND],
        }
        town.writer.event(Event(Type.DECIDED, id_, town.now + 1, (0,), facts))
        town.writer.flush()
        async with town.courier():
            await town.ends(id_)
        (got,) = town.mailbox("bob")
        read = email.message_from_bytes(got, policy=email.policy.default)
        assert "spf=pass" in read["Authentication-Results"]
        assert read["Civicmail-Notice"].startswith(f"staff-name; decision={uuid.UUID(bytes=id_)}")
        (delivered,) = town.facts(id_, "delivered")
        assert as_sent([town.kept[id_]], delivered) == got

    asyncio.run(story())


def test_recipients_with_other_marks_get_messages_of_their_own(town, next_hop) -> None:
    """One header goes to all recipients of a transaction, so those who are told other things are not among them."""

    async def story() -> None:
        hop = await next_hop()
        town.use(local=str(hop))
        people = [f"{name}@city.example" for name in ("ann", "bob", "kim")]
        id_ = town.keep(*people, kind="mx", do="pending", sender="eve@out.example")
        for to, marks in (((0, 2), []), ((1,), [["x", "Look."]])):
            town.writer.event(Event(Type.DECIDED, id_, town.now + 1, to, {"do": "mark", "rules": [], "marks": marks}))
        town.writer.flush()
        async with town.courier():
            await town.ends(id_)
        told = {tuple(sorted(m.recipients)): b"Civicmail-Notice: x" in m.content for m in hop.messages}
        assert told == {("ann@city.example", "kim@city.example"): False, ("bob@city.example",): True}
        await hop.stop()

    asyncio.run(story())
