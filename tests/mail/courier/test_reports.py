"""Delivery reports (RFC 3464, RFC 3461): to our own senders only, once, and what they say (P-23)."""

from __future__ import annotations

import asyncio
import email
import email.policy
import uuid
from dataclasses import replace

import pytest

from civicmail.core.config.settings import Web
from civicmail.core.message.model import Recipient
from civicmail.mail.archive.records import Event, Type

NO = {"rcpt": "550 5.1.1 <bob@out.example>: no such user"}


def report_of(town) -> email.message.EmailMessage:
    (raw,) = town.mailbox("ann")
    return email.message_from_bytes(raw, policy=email.policy.default)


async def failing(town, next_hop, *to, answers=None, **keep):
    hop = await next_hop(answers=NO if answers is None else answers)
    town.use(outbound=str(hop))
    id_ = town.keep(*to, **keep)
    async with town.courier():
        await town.ends(id_)
        await town.until(lambda: town.mailbox("ann"))
    await hop.stop()
    return id_


def test_a_report_says_what_when_and_why(town, next_hop):
    async def story():
        id_ = await failing(town, next_hop)
        report = report_of(town)
        assert report.get_content_type() == "multipart/report" and report.get_param("report-type") == "delivery-status"
        assert report["From"] == "Mail Delivery System <MAILER-DAEMON@mail.city.example>" and report["To"] == "ann@city.example"
        assert report["Auto-Submitted"] == "auto-replied" and report["In-Reply-To"] == "<1@city.example>"
        words, status, original = report.iter_parts()
        assert "<bob@out.example> was not delivered" in words.get_content()
        about, recipient = status.get_payload()
        assert about["Reporting-MTA"] == "dns; mail.city.example" and about["Arrival-Date"]
        assert recipient["Final-Recipient"] == "rfc822; bob@out.example"
        assert recipient["Action"] == "failed" and recipient["Status"] == "5.1.1"
        assert recipient["Diagnostic-Code"] == "smtp; 550 5.1.1 <bob@out.example>: no such user"
        assert original.get_content_type() == "text/rfc822-headers"
        assert "Subject: hello" in original.get_content() and ".dot" not in original.get_content()
        (receipt,) = [h for h in town.records() if h["type"] == "receipt" and h.get("once")]
        assert receipt["once"] == f"dsn:{uuid.UUID(bytes=id_)}:0"
        assert receipt["envelope"]["from"] == "" and receipt["envelope"]["to"] == [{"a": "ann@city.example"}]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("reply", "clause"),
    [("550 5.1.1 no such user", "p-23"), ("550 5.7.1 Your access to the city's mail ended (P-08)", "p-08")],
    ids=["nothing was lost", "the reply's own"],
)
def test_a_report_says_which_clause_it_is_about_and_where_that_is_read(town, next_hop, reply, clause):
    """P-23, promise 7."""

    async def story():
        hop = await next_hop(answers={"rcpt": reply})
        town.use(outbound=str(hop))
        town.settings = replace(town.settings, web=Web(url="https://pages.city.example"))
        id_ = town.keep()
        async with town.courier():
            await town.ends(id_)
            await town.until(lambda: town.mailbox("ann"))
        await hop.stop()
        words = next(report_of(town).iter_parts()).get_content()
        assert any(line.startswith("You may write again") and line.endswith("archive (P-23).") for line in words.splitlines())
        assert f"    https://pages.city.example/policy/text/#{clause}" in words.splitlines()

    asyncio.run(story())


def test_what_the_sender_asked_for_is_in_the_report(town, next_hop):
    async def story():
        params = {"RET": "FULL", "ENVID": "order+2B7"}
        await failing(town, next_hop, Recipient("bob@out.example", "FAILURE", "rfc822;Bob+2BX@out.example"), params=params)
        _, status, original = report_of(town).iter_parts()
        about, recipient = status.get_payload()
        assert about["Original-Envelope-Id"] == "order+7"
        assert recipient["Original-Recipient"] == "rfc822; Bob+X@out.example"
        assert original.get_content_type() == "message/rfc822" and "hello\n.dot" in original.get_content().as_string()

    asyncio.run(story())


@pytest.mark.rule("P-06, P-23", "A delivery report is sent only to a sender of ours, from a listener that verifies its senders.")
@pytest.mark.parametrize(
    "keep",
    [
        {"kind": "mx"},
        {"kind": "lmtp"},
        {"kind": "journal"},
        {"sender": ""},
        {"sender": "eve@out.example"},
        {"to": Recipient("bob@out.example", "NEVER")},
        {"to": Recipient("bob@out.example", "SUCCESS,DELAY")},
    ],
    ids=["mx", "lmtp", "journal", "null sender", "outsider by relay", "never", "not for failures"],
)
def test_nobody_else_ever_gets_one(town, next_hop, keep):
    async def story():
        hop = await next_hop(answers=NO)
        town.use(outbound=str(hop))
        id_ = town.keep(keep.pop("to", "bob@out.example"), **keep)
        async with town.courier():
            await town.ends(id_)
        async with town.courier():
            await asyncio.sleep(0.1)
        await hop.stop()
        assert town.facts(id_, "failed")[0]["dsn"] == 0
        assert len([h for h in town.records() if h["type"] == "receipt"]) == 1

    asyncio.run(story())


def test_success_is_reported_where_it_was_asked_for_and_we_are_the_last(town):
    async def story():
        id_ = town.keep(Recipient("bob@city.example", "SUCCESS"), "carol@city.example")
        async with town.courier():
            await town.until(lambda: town.mailbox("ann"))
        _, status, _ = report_of(town).iter_parts()
        assert status.get_payload()[1]["Action"] == "delivered" and status.get_payload()[1]["Status"] == "2.0.0"
        assert len(town.mailbox("ann")) == 1 and len(town.facts(id_, "delivered")) == 2

    asyncio.run(story())


def test_success_behind_a_hop_without_dsn_is_reported_as_relayed(town, next_hop):
    async def story():
        hop = await next_hop(offers=("PIPELINING",))
        town.use(outbound=str(hop))
        town.keep(Recipient("bob@out.example", "SUCCESS"))
        async with town.courier():
            await town.until(lambda: town.mailbox("ann"))
        await hop.stop()
        _, status, _ = report_of(town).iter_parts()
        assert status.get_payload()[1]["Action"] == "relayed"

    asyncio.run(story())


def test_a_crash_before_the_report_sends_it_and_after_it_does_not_repeat_it(town, next_hop):
    async def story():
        id_ = town.keep()
        facts = {"hop": "smtp://x:25", "reply": "550 5.1.1 no", "dsn": 1}
        town.writer.event(Event(Type.FAILED, id_, town.now, (0,), facts))
        town.writer.flush()  # the courier died here
        async with town.courier():
            await town.until(lambda: town.mailbox("ann"))
        for _ in range(2):
            async with town.courier():
                await asyncio.sleep(0.1)
        assert len([h for h in town.records() if h.get("once")]) == 1

    asyncio.run(story())


def test_a_pipeline_that_is_not_ready_is_asked_again(town, next_hop, monkeypatch):
    monkeypatch.setattr("civicmail.mail.courier.reports._AGAIN_SECONDS", 0.01)
    from civicmail.core.disk.errors import JournalEnded

    calls, submit = [], town.submit

    async def sometimes(*arguments):
        calls.append(arguments)
        if len(calls) < 3:
            raise JournalEnded("not now")
        await submit(*arguments)

    town.submit = sometimes

    async def story():
        await failing(town, next_hop)
        assert len(calls) == 3 and len({content for content, *_ in calls}) == 1  # the same bytes each time

    asyncio.run(story())


def test_mail_in_other_scripts_is_reported_in_the_global_forms(town, next_hop):
    async def story():
        hop = await next_hop(offers=("PIPELINING",))
        town.use(outbound=str(hop))
        town.keep("jürgen@out.example", text="Subject: für dich\r\n\r\nä\r\n".encode())
        async with town.courier():
            await town.until(lambda: town.mailbox("ann"))
        await hop.stop()
        (raw,) = town.mailbox("ann")
        assert b"message/global-delivery-status" in raw and b"Final-Recipient: utf-8; j\xc3\xbcrgen@out.example" in raw
        assert b"message/global-headers" in raw

    asyncio.run(story())


def test_a_report_that_cannot_be_delivered_makes_no_other(town, next_hop):
    async def story():
        hop = await next_hop(answers={"rcpt": "550 5.1.1 no"}, lmtp=False)
        town.use(outbound=str(hop), local=str(hop))
        id_ = town.keep()
        async with town.courier():
            await town.until(lambda: len([h for h in town.records() if h["type"] == "failed"]) == 2)
            await asyncio.sleep(0.1)
        await hop.stop()
        receipts = [h for h in town.records() if h["type"] == "receipt"]
        assert len(receipts) == 2 and town.facts(id_, "failed")[0]["dsn"] == 1

    asyncio.run(story())
