"""The policy of MTA-STS, read by the reader that we use for others' (RFC 8461)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from django.test import Client

from civicmail.core.config import values
from civicmail.core.config.settings import City, MtaSts, Settings
from civicmail.mail.courier import mta_sts
from civicmail.mail.screening import stspolicy

PLACE = "/.well-known/mta-sts.txt"


def told(settings: Any, **policy: Any) -> None:
    city = City(domains=["city.example", "fire.example"], hostname="mx.city.example")
    settings.CITY = dataclasses.replace(settings.CITY, city=city, mta_sts=MtaSts(**policy))
    settings.ALLOWED_HOSTS = ["*"]


def ask(host: str) -> Any:
    return Client().get(PLACE, headers={"host": host})


@pytest.mark.rule(
    "P-26",
    "The MTA-STS policy is served under mta-sts.DOMAIN of each domain of the city, as text/plain, and under no other name "
    "(RFC 8461 3.2, 3.3).",
)
def test_servers_of_others_read_which_servers_are_ours(installed: object, settings: Any) -> None:
    """Under mta-sts.DOMAIN of each domain, as text/plain, and nowhere else."""
    told(settings, mode="enforce", servers=["mx1.city.example", "*.mx.city.example"], max_age=86_400)
    for host in ("mta-sts.city.example", "mta-sts.fire.example", "MTA-STS.city.example:443"):
        answer = ask(host)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
        text = answer.content.decode()
        assert text.startswith("version: STSv1\r\n") and text.endswith("\r\n")
        assert mta_sts.parse(text) == mta_sts.Policy("enforce", ("mx1.city.example", "*.mx.city.example"), 86_400)
    for host in (
        "city.example",
        "mail.city.example",
        "mta-sts.elsewhere.example",
        "x.mta-sts.city.example",
        "localhost",
        "[::1]:8025",
    ):
        assert ask(host).status_code == 404, host
    assert Client().post(PLACE, headers={"host": "mta-sts.city.example"}).status_code in (403, 405)


def test_without_a_mode_nothing_is_promised_and_a_promise_can_be_ended(installed: object, settings: Any) -> None:
    told(settings)
    assert ask("mta-sts.city.example").status_code == 404
    told(settings, mode="none", servers=["mx1.city.example"])
    assert mta_sts.parse(ask("mta-sts.city.example").content.decode()) == mta_sts.Policy("none", (), 604_800)
    told(settings, mode="testing")
    found = mta_sts.parse(ask("mta-sts.city.example").content.decode())
    assert found is not None and found.servers == ("mx.city.example",)


def test_each_policy_has_an_id_of_its_own() -> None:
    """So nobody forgets to change it, and a change is never without it."""
    policies = [
        MtaSts(mode="testing"), MtaSts(mode="enforce"), MtaSts(mode="enforce", servers=["a.example"]),
        MtaSts(mode="enforce", servers=["a.example"], max_age=3600), MtaSts(mode="none"),
    ]  # fmt: skip
    ids = [stspolicy.id_(dataclasses.replace(Settings(), mta_sts=policy)) for policy in policies]
    assert len(set(ids)) == len(policies) and all(mta_sts.is_published([f"v=STSv1; id={one}"]) for one in ids)
    assert stspolicy.id_(Settings()) == ""


@pytest.mark.parametrize(
    ("name", "value"), [("mode", "on"), ("servers", ["smtp://a.example"]), ("servers", ["*.*.example"]), ("max_age", 60)]
)
def test_a_setting_that_would_be_no_policy_is_refused(name: str, value: Any) -> None:
    assert values.complaint(("MtaSts", name), value)
