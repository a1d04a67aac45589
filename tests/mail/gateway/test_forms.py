"""The 31 dishonest forms and the 12 honest ones at real doors: submission and relay (issue 4, acceptance 4; P-14)."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from city.identity.people import LATER, city, mailbox
from city.snapshot.test_sender_alignment import CORRECTED, DISHONEST, HONEST
from civicmail.city.snapshot.sender_refusals import REFUSALS
from civicmail.city.snapshot.snapshot import Grant
from mail.gateway.running import kept
from mail.gateway.town import RELAY, Town, town

MENDED = {
    "a second From behind a NUL": "header-space",
    "a second From behind a carriage return": "",
    "a NUL in the address": "form",
}
"""What these forms are when the listener has made spaces of NUL and CR: the rest of one is an honest message."""
ANN = "ann@city.example"


@pytest.fixture
def here(data: Path, tmp_path: Path) -> Iterator[Town]:
    with town(data, tmp_path / "tls", scope=(ANN, "a.mueller@city.example", "ann+parks@city.example")) as started:
        ann = city().people["ann"]
        old = mailbox("old@city.example", "Old", state="closed", why="It was closed.")
        started.publish(replace(ann, grants=(*ann.grants, Grant("old@city.example", "delegate", LATER))), mailboxes=(old,))
        yield started


def said(client: smtplib.SMTP, header: bytes) -> str:
    """What the door answers to a message with this header."""
    assert client.mail(ANN)[0] == client.rcpt("bob@out.example")[0] == 250
    assert client.docmd("DATA")[0] == 354
    client.send(header + b"\r\nhello\r\n.\r\n")
    code, text = client.getreply()
    return f"{code} {text.decode()}"


def test_every_dishonest_form_is_refused_by_submission_with_its_own_sentence(here: Town) -> None:
    heard = set()
    for name, (header, rule) in DISHONEST.items():
        wanted = MENDED.get(name, rule)
        with here.signed_in() as client:
            answer = said(client, header)
        if wanted:
            assert answer.startswith(f"550 5.7.1 {REFUSALS[wanted]} ({wanted}, P-14) archived="), name
            heard.add(re.sub(" archived=.*", "", answer))
        else:
            assert answer.startswith("250"), name
    assert len(heard) == len({MENDED.get(n, r) for n, (_, r) in DISHONEST.items()} - {""})
    done = [[d.do for d in c.dispositions] for c, _ in kept(here.data)]
    assert done.count(["refuse"]) == 30 and done.count(["deliver"]) == 1, "all is evidence, and nobody got what was refused"


def test_every_dishonest_form_is_refused_by_a_relay_with_a_scope(here: Town) -> None:
    with here.client(RELAY, tls=False) as client:
        for name, (header, rule) in DISHONEST.items():
            answer = said(client, header)
            if MENDED.get(name, rule):
                assert any(answer.startswith(f"550 5.7.1 {s} ({r}, P-14)") for r, s in REFUSALS.items()), name
            else:
                assert answer.startswith("250"), name


@pytest.mark.parametrize("forms", [HONEST, {n: (h) for n, (h, _) in CORRECTED.items()}], ids=["honest", "corrected"])
def test_every_honest_form_and_what_is_only_wrong_is_taken(here: Town, forms: dict[str, bytes]) -> None:
    with here.signed_in() as client:
        for name, header in forms.items():
            assert said(client, header).startswith("250"), name
    assert len(kept(here.data)) == len(forms)


def test_every_honest_form_is_taken_by_a_relay_in_its_scope(here: Town) -> None:
    with here.client(RELAY, tls=False) as client:
        for name, header in HONEST.items():
            assert said(client, header).startswith("250"), name
