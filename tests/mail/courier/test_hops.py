"""Next hop by mailbox, then by department, then by domain; and what reaches people who are here (P-06; one department first)."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path

import pytest

from civicmail.city.directory import store
from civicmail.city.directory.modes import Modes
from civicmail.core.config.settings import City, Courier, Settings
from civicmail.mail.courier.hops import Routes
from civicmail.mail.courier.rendering import as_sent

OLD = "smtp://old:25"


def directory(data: Path, mode: str, *addresses: str) -> None:
    data.mkdir(exist_ok=True)
    named = ", ".join(f'"{a}"' for a in addresses or ("ann@city.example",))
    (data / store.DIRECTORY).write_text(f"[department.clerk]\naddresses = [{named}]\n")
    store.set_mode(data, "clerk", mode, elsewhere=OLD, now=1, entering=lambda _: nullcontext("0001:1"))  # type: ignore[arg-type]


@pytest.mark.rule("P-06", "A recipient of our domain who is not here yet is routed to the old system and never rejected.")
@pytest.mark.parametrize(
    ("mode", "ann"), [("live", "maildir"), ("observe", OLD), ("elsewhere", OLD)], ids=["live", "observe", "elsewhere"]
)
def test_who_is_not_here_yet_is_passed_on_and_never_refused(tmp_path: Path, mode: str, ann: str) -> None:
    directory(tmp_path, mode)
    courier = Courier(
        elsewhere=OLD,
        outbound="smtp://out:1",
        route={"Test@city.example": "lmtp://test:2", "city.example": "maildir", "far.example": "smtp://far:3"},
    )
    settings = Settings(city=City(domains=["city.example"]), courier=courier)
    routes = Routes(settings, Modes(settings, tmp_path))
    expected = {
        "ann@city.example": ann, "Ann+x@city.example": ann, "bob@city.example": OLD, "postmaster": OLD,
        "test@city.example": "lmtp://test:2", "test+x@city.example": "lmtp://test:2",
        "test@far.example": "smtp://far:3", "x@other.example": "smtp://out:1",
    }  # fmt: skip
    assert {a: str(routes.hop_for(a)) for a in expected} == expected
    inside = routes.hop_for("ann@city.example")
    assert inside is not None
    assert inside.inside is (mode == "live")


def test_mail_that_waits_takes_the_new_way_when_its_department_changes(town, next_hop, monkeypatch):
    monkeypatch.setattr("civicmail.city.directory.modes.REFRESH_SECONDS", 0.0)

    async def story():
        old = await next_hop()
        town.use(local="lmtp://127.0.0.1:1", elsewhere=str(old))
        directory(town.data, "live")
        id_ = town.keep("ann@city.example", kind="mx")
        async with town.courier():
            await asyncio.sleep(0.2)
            assert old.messages == []
            directory(town.data, "elsewhere")
            await town.ends(id_)
        await old.stop()
        (message,) = old.messages
        assert message.recipients == ["ann@city.example"]
        assert message.content.endswith(town.kept[id_])
        assert message.content.count(b"Received:") == 1

    asyncio.run(story())


FORGED = (
    b"X-Spam-Status: No, forged\r\n\tby me\r\nFrom: eve@out.example\r\n"
    b"Authentication-Results: mail.city.example; dkim=pass\r\n\r\nhi\r\n"
)


@pytest.mark.rule(
    "P-06, promise 2",
    "Verdicts that strangers wrote do not reach people who are here, and what did reach them can be rebuilt.",
)
def test_verdicts_of_strangers_do_not_reach_people_and_the_record_rebuilds_what_did(town, next_hop):
    async def story():
        old, dovecot = await next_hop(), await next_hop(lmtp=True)
        town.use(local="maildir", elsewhere=str(old), route={"box@city.example": str(dovecot)})
        directory(town.data, "live", "ann@city.example", "box@city.example")
        id_ = town.keep(
            "ann@city.example", "box@city.example", "bob@city.example", sender="eve@out.example", kind="mx", text=FORGED
        )
        async with town.courier():
            await town.ends(id_)
        await old.stop()
        await dovecot.stop()
        clean = b"From: eve@out.example\r\n\r\nhi\r\n"
        (box,) = town.mailbox("ann")
        assert box.endswith(b"\n" + clean.replace(b"\r\n", b"\n"))
        assert b"forged" not in box and b"dkim=pass" not in box
        assert dovecot.messages[0].content.endswith(b"\r\n" + clean)
        assert b"forged" not in dovecot.messages[0].content
        assert old.messages[0].content.endswith(b"\r\n" + FORGED), "who is elsewhere gets it as it came"
        facts = {f["hop"]: f for f in town.facts(id_, "delivered")}
        assert [r["name"] for r in facts["maildir"]["sent"]["removed"]] == ["x-spam-status", "authentication-results"]
        assert as_sent([town.kept[id_]], facts["maildir"]) == box
        assert as_sent([town.kept[id_]], facts[str(dovecot)]) == dovecot.messages[0].content
        assert "removed" not in facts[str(old)]["sent"]

    asyncio.run(story())


@pytest.mark.rule("P-06, promise 2", "Mail that is passed on is unchanged except for our Received.")
def test_a_live_mailbox_on_the_host_that_is_also_the_way_out_is_served_apart(town, next_hop):
    async def story():
        both = await next_hop()
        town.use(local=str(both), outbound=str(both))
        id_ = town.keep("ann@city.example", "x@far.example", text=FORGED)
        async with town.courier():
            await town.ends(id_)
        await both.stop()
        forged = {m.recipients[0]: b"forged" in m.content for m in both.messages}
        assert forged == {"ann@city.example": False, "x@far.example": True}

    asyncio.run(story())
