"""check@ says what would happen to a message, to whoever signed in, once, and nobody gets the message (P-19, P-22)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured

from civicmail.city.notices.models import Notice
from civicmail.city.policy import active_rules
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.wire.paths import parse_path
from civicmail.front.worker.auto_replies import AutoReplies
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.gateway.authorization import Authorization
from civicmail.mail.pipeline.accept import Pipeline
from desk.mailbox.test_forecast import ANN, BOOK
from desk.mailbox.writing import DANA, LENA, Office, office
from pages.conftest import with_mail
from pages.world import Town

pytestmark = pytest.mark.django_db
CHECK = "check@city.example"
TEXT = "From: Dana Ortiz <dana.ortiz@city.example>\r\nTo: {}\r\nSubject: Kestrel\r\n{}\r\nA secret word.\r\n"


@pytest.fixture
def desk(installed: Path, db: None, settings: Any) -> Iterator[Office]:
    (installed / "claimed").touch()
    town: Town = with_mail(installed, book=False)
    Notice.objects.all().delete()
    active_rules.publish(installed, BOOK)
    settings.CITY = replace(settings.CITY, screening=replace(settings.CITY.screening, checks=["files"]))
    with office(installed, town, configured.CITY) as made:
        yield made


def asked(desk: Office, content: str, *to: str, login: str = "p-crew0/phone", source: str = "submission") -> Capture:
    """A message as the gateway takes it."""

    async def story() -> bytes:
        commit = GroupCommit(Writer(desk.data, lambda: desk.now))
        people = Authorization(
            desk.data, configured.CITY, lambda: desk.now, lambda a: "live" if a.endswith("@city.example") else None
        )
        pipeline = Pipeline(commit, lambda a: "live" if a.endswith("@city.example") else None, lambda: people.now)
        envelope = Envelope(DANA, tuple(map(Recipient, to)), desk.now, login=login)
        receipt = await pipeline.accept(content.encode(), envelope, Source(source, "d"))
        await commit.close()
        return receipt.id

    return Machine(desk.data).capture(asyncio.run(story()))


def answers(desk: Office) -> list[Notice]:
    with closing(AutoReplies(configured.CITY, desk.data, lambda: desk.now)) as answering:
        while not answering.is_done:
            answering.step()
    return list(Notice.objects.filter(key__startswith="check:").order_by("pk"))


@pytest.mark.rule("P-22", "A message that asks check@ for a forecast is never delivered.")
def test_the_asker_hears_what_would_happen_and_nobody_gets_it(desk: Office) -> None:
    """For each recipient, named in the envelope or in To and Cc; with clause and whom to ask; no word of it."""
    capture = asked(desk, TEXT.format(f"{LENA}, {ANN}, {CHECK}", 'Cc: "Pat Nguyen" <pat@mail.example>\r\n'), CHECK, LENA, ANN)
    assert {(d.do, d.rules) for d in capture.dispositions} == {("kept", ("asked-before-sending",))}
    (notice,) = answers(desk)
    assert notice.to == DANA and f"{LENA}: Delivered." in notice.text and f"{ANN}: Delivered. This copy leaves" in notice.text
    assert "Pat Nguyen is a colleague" in notice.text and "P-27" in notice.text and CHECK not in notice.text
    assert "secret" not in notice.text and "Kestrel" not in notice.subject + notice.text
    assert len(answers(desk)) == 1, "by a worker that begins anew, too"


@pytest.mark.rule(
    "P-22, promise 7",
    "check@ answers recipient by recipient, with clause and contact, without content of the message.",
)
def test_it_says_which_rule_and_clause_hold_it_and_in_the_askers_language(desk: Office) -> None:
    """Promise 7."""
    file = 'Content-Type: application/octet-stream; name="plan.txt"\r\nContent-Disposition: attachment; filename="plan.txt"\r\n'
    asked(desk, TEXT.format(f"{ANN}, {CHECK}", file), CHECK)
    (notice,) = answers(desk)
    assert f"{ANN}: Held." in notice.text and "Ask your manager. (P-22)" in notice.text
    asked(desk, TEXT.format(CHECK, ""), CHECK)
    assert "Write the recipients into To" in answers(desk)[-1].text
    asked(desk, TEXT.format(f"ben@banned.example, {CHECK}", "").replace("dana.ortiz", "rosa.hale"), CHECK)
    assert "cannot be sent like this" in answers(desk)[-1].text and "P-14" in answers(desk)[-1].text


@pytest.mark.rule("P-26", "Only signed-in people reach check@; from outside there is no such mailbox.")
def test_only_who_signed_in_asks(desk: Office) -> None:
    """From outside there is no such mailbox, and nobody is told anything about the city's rules."""
    people = Authorization(desk.data, configured.CITY, lambda: desk.now, lambda _: "live")
    assert people.check_recipient("mx", parse_path(CHECK)).startswith("550 5.1.1")
    assert people.check_recipient("submission", parse_path(CHECK)) == ""
    asked(desk, TEXT.format(LENA, ""), CHECK, LENA, login="", source="mx")
    assert answers(desk) == []
