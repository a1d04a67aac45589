"""What doctor says of our own MTA-STS policy: the DNS is a dictionary here, and the host a function."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from civicmail.core.config.settings import City, MtaSts, Screening, Settings
from civicmail.front.checkup import dns_zone as zonecheck
from civicmail.front.checkup import mta_sts as checkup
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.mail.screening import stspolicy
from front.checkup.test_dns_zone import GOOD
from mail.screening.zone import Zone, zone

MX = ["10 mx1.city.example", "20 MX2.City.Example."]


def installed(mode: str = "enforce", servers: list[str] | None = None) -> Settings:
    ours = MtaSts(mode=mode, servers=["mx1.city.example", "mx2.city.example"] if servers is None else servers)
    screening = Screening(resolver=["127.0.0.1:53"])
    return dataclasses.replace(Settings(), city=City(domains=["city.example"]), screening=screening, mta_sts=ours)


def found(settings: Settings, mx: list[str] | str = "", served: str | None = None) -> list[Finding]:
    def fetch(domain: str) -> str:
        assert domain == "city.example"
        if served == "":
            raise OSError("certificate has expired")
        return stspolicy.text(settings) if served is None else served

    return list(checkup.policy(Installation(Path(), settings, 0), Zone({"city.example": {"MX": mx or MX}}), fetch))


def test_a_policy_that_others_read_and_that_names_the_servers_of_mx_is_fine() -> None:
    assert [one.level for one in found(installed())] == ["ok"]
    assert [one.level for one in found(installed("testing", ["*.city.example"]))] == ["ok"]
    assert [one.level for one in found(installed("none", []), ["10 other.example"])] == ["ok"]


@pytest.mark.rule("P-26", "An MX server that our MTA-STS policy does not name is reported, as a problem if the policy is enforced.")
def test_a_server_of_mx_that_the_policy_does_not_name_gets_no_mail() -> None:
    """A problem where others keep to it, else a warning; also where nobody knows."""
    (wrong,) = found(installed(servers=["mx1.city.example"]))
    assert wrong.level == "problem" and "mx2.city.example" in wrong.text and "mta_sts.servers" in wrong.do
    assert [one.level for one in found(installed("testing", ["mx1.city.example"]))] == ["warning"]
    assert [one.level for one in found(installed(), "TEMP")] == ["warning"]
    assert [one.level for one in found(installed(), ["0 ."])] == ["warning"]


def test_a_policy_that_others_cannot_read_is_a_problem() -> None:
    """No host, no certificate, an older policy on another server."""
    for served, why in (
        ("", "certificate has expired"),
        ("<html>", "another policy"),
        ("version: STSv1\nmode: none\nmax_age: 1", "another"),
    ):
        (wrong,) = found(installed(), served=served)
        assert wrong.level == "problem" and why in wrong.text and "mta-sts.city.example" in wrong.do


@pytest.mark.rule("P-26", "The id in the zone is that of the served policy, and a changed policy has another one (RFC 8461 3.1).")
def test_the_zone_has_the_id_of_the_policy_that_is_served(tmp_path: Path) -> None:
    """Others look at the policy again only when the id is another."""
    settings = installed()
    name, right = "_mta-sts.city.example", f"v=STSv1; id={stspolicy.id_(settings)}"

    def told(record: str) -> list[Finding]:
        rows = {**GOOD, name: record} if record else {key: value for key, value in GOOD.items() if key != name}
        return list(zonecheck.zone(Installation(tmp_path, settings, 0), zone(rows)))

    assert all(one.level != "warning" for one in told(right))
    for record in (GOOD[name], "v=STSv1;", ""):
        assert [right in one.do for one in told(record) if one.level == "warning"] == [True], record


def test_a_city_without_a_policy_is_told_what_it_lacks() -> None:
    (lacks,) = found(installed(""))
    assert lacks.level == "not-set-up" and "mta_sts" in lacks.do
