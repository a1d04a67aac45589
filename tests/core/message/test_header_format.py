"""Fields of messages that are made here: no address of an envelope makes one fail (P-15)."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from civicmail.core.message.header_format import mailbox, one_line
from civicmail.core.wire.errors import PathError
from civicmail.core.wire.paths import parse_path

POLICY = policy.SMTP.clone(utf8=False, cte_type="7bit")
RAW = st.from_regex(r'("([^"\\]|\\.){1,20}"|[^\x00-\x20\x7f"\\()<>,;:@\[\]]{1,60})@[a-z0-9.\[\]:-]{1,30}', fullmatch=True)


def written(address: str, name: str = "", subject: str = "x") -> bytes:
    message = EmailMessage(policy=POLICY)
    message["From"] = mailbox(address, name)
    message["To"] = mailbox(address)
    message["Subject"] = one_line(subject)
    message.set_content("x")
    return message.as_bytes()


@pytest.mark.rule(
    "P-15, P-06, P-19",
    "No address that an envelope can have stops mail of our own to others: a notice, an answer, what a reader wrote in the portal.",
)
@pytest.mark.parametrize(
    "address",
    [
        "a..b@x.example",
        "a.@x.example",
        '"a b"@x.example',
        r'"a\"\\"@x.example',
        '"a,b"@x.example',
        '"b@e"@x.example',
        "x@[192.0.2.1]",
    ],
)
def test_an_odd_address_stands_in_the_field_as_it_is(address: str) -> None:
    """As the wire has it."""
    read = message_from_bytes(written(address), policy=policy.default)
    (shown,) = read["To"].addresses
    assert f"{shown.username}@{shown.domain}" == f"{parse_path(address).local}@{parse_path(address).domain}"
    assert len(read) == 6, "and no field more"


@given(raw=RAW)
def test_every_address_that_the_wire_takes_can_be_written_to(raw: str) -> None:
    """Also from it, with a name."""
    try:
        path = parse_path(raw)
    except PathError:
        return
    assert written(path.raw, path.local)


@given(text=st.text(st.characters(codec=None), max_size=60))
@example(text="a\r\nBcc: b@x.example")
@example(text="a\u2028b\ud800")
def test_no_text_makes_a_field_fail_or_begin_another_one(text: str) -> None:
    """Nothing is raised, and no line begins."""
    assert "\n" not in one_line(text) and one_line(text) == one_line(one_line(text))
    assert set(message_from_bytes(written(text, text, text)).keys()) <= {
        "From", "To", "Subject", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
