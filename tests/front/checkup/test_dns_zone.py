"""What doctor says of the zones of the city's domains; the DNS is a dictionary here (P-26)."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from civicmail.core.config.settings import City, Screening, Settings
from civicmail.front.checkup import dns_zone as checkup
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.mail.courier import dkimkeys
from civicmail.mail.screening import published_records
from civicmail.mail.screening.resolver import Answer, Kind
from mail.screening.zone import Zone

GOOD = {
    "city.example": "v=spf1 mx -all",
    "_dmarc.city.example": "v=DMARC1; p=reject; rua=mailto:d@city.example",
    "_mta-sts.city.example": "v=STSv1; id=20260302;",
    "_smtp._tls.city.example": "v=TLSRPTv1; rua=mailto:tls@city.example",
}


def found(data: Path, dns: Zone | Hung, *, asks: bool = True, now: int = 0) -> list[Finding]:
    screening = Screening(resolver=["127.0.0.1:53"] if asks else [])
    settings = dataclasses.replace(Settings(), city=City(domains=["City.example"]), screening=screening)
    return list(checkup.zone(Installation(data, settings, now), dns))


def zone(rows: dict[str, str | list[str]]) -> Zone:
    return Zone({name: {"TXT": value} for name, value in rows.items()})


class Hung:
    async def ask(self, name: str, kind: Kind) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError


def test_a_good_zone_with_a_key_that_is_published_is_fine(tmp_path: Path) -> None:
    key = dkimkeys.activate(tmp_path, dkimkeys.new(tmp_path, "city.example", "ed25519", now=0), now=0)
    assert [one.level for one in found(tmp_path, zone({**GOOD, key.name: key.record}))] == ["ok", "ok"]


def test_a_key_that_signs_and_is_not_published_is_a_problem(tmp_path: Path) -> None:
    key = dkimkeys.activate(tmp_path, dkimkeys.new(tmp_path, "city.example", "ed25519", now=0), now=0)
    (problem, _) = found(tmp_path, zone({**GOOD, key.name: "v=DKIM1; p="}))
    assert problem.level == "problem" and key.name in problem.text and key.record in problem.do
    assert [one.level for one in found(tmp_path, Zone({key.name: {"TXT": "TEMP"}} | zone(dict(GOOD)).rows))] == ["ok", "ok"]


def test_a_key_that_has_signed_for_more_than_a_year_is_told(tmp_path: Path) -> None:
    key = dkimkeys.activate(tmp_path, dkimkeys.new(tmp_path, "city.example", "ed25519", now=0), now=0)
    dns = zone({**GOOD, key.name: key.record})
    assert [one.level for one in found(tmp_path, dns, now=400 * checkup.DAY)] == ["ok", "ok"]
    (old, *_) = found(tmp_path, dns, now=401 * checkup.DAY)
    assert old.level == "warning" and "401 days" in old.text


def test_what_the_zone_does_not_say_is_told_with_what_it_could(tmp_path: Path) -> None:
    told = found(tmp_path, Zone())
    assert [one.level for one in told] == ["not-set-up", *["warning"] * 4]
    assert "civicmail dkim new" in told[0].do
    for one, record in zip(told[1:], ["v=spf1", "v=DMARC1", "v=STSv1", "v=TLSRPTv1"], strict=True):
        assert record in one.do


@pytest.mark.parametrize(
    ("name", "values", "state"),
    [
        ("city.example", ["v=spf1 mx ~all"], "good"),
        ("city.example", ["v=spf1 redirect=_spf.other.example"], "good"),
        ("city.example", ["v=spf1 +all"], "weak"),
        ("city.example", ["v=spf1 mx"], "weak"),
        ("city.example", ["v=spf1 -all", "v=spf1 mx -all"], "wrong"),
        ("city.example", ["v=spf10 -all"], "missing"),
        ("_dmarc.city.example", ["v=DMARC1; p=none"], "weak"),
        ("_dmarc.city.example", ["v=DMARC1; p=reject; t=y"], "weak"),
        ("_dmarc.city.example", ["v=DMARC1; p=quarantine"], "good"),
        ("_dmarc.city.example", ["v=DMARC1; sp=none"], "wrong"),
        ("_dmarc.city.example", ["v=DMARC1;; p=reject"], "weak"),
        ("_dmarc.city.example", ["v=DMARC1; p=reject; x-vendor=1"], "weak"),
        ("_mta-sts.city.example", ["v=STSv1;"], "wrong"),
        ("_mta-sts.city.example", ["v=STSv1; id=1;;"], "wrong"),
        ("_mta-sts.city.example", ["v=STSv1; id=1; x-vendor=1"], "good"),
        ("_smtp._tls.city.example", ["v=TLSRPTv1; rua=mailto:a@city.example; rua=https://b.example/r"], "good"),
        ("_smtp._tls.city.example", ["v=TLSRPTv1; rua=tls@city.example"], "wrong"),
        ("_smtp._tls.city.example", "TEMP", "unknown"),
    ],
)
def test_each_record_is_judged(name: str, values: list[str] | str, state: str) -> None:
    looks = asyncio.run(published_records.check_records(zone({**GOOD, name: values}), "city.example"))
    assert {look.name: look.state for look in looks} == dict.fromkeys(GOOD, "good") | {name: state}
    assert all(bool(look.text) == (look.state != "good") for look in looks)


def test_names_for_trials_and_dns_that_hangs_stop_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (trial,) = found(tmp_path, Hung(), asks=False)
    assert trial.level == "not-set-up"
    monkeypatch.setattr(checkup, "SECONDS", 0.01)
    (late,) = found(tmp_path, Hung())
    assert late.level == "warning" and "in time" in late.text
    (dkimkeys.folder(tmp_path)).mkdir(parents=True)
    (dkimkeys.folder(tmp_path) / "keys.json").write_bytes(b"x")
    assert found(tmp_path, zone(dict(GOOD)))[0].level == "problem"
