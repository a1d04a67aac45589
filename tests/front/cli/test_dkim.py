"""`civicmail dkim`: a key is made, published, used and retired; none signs that the zone does not have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from civicmail.front.cli import dkim
from civicmail.front.cli.main import run
from civicmail.mail.courier import dkimkeys
from mail.screening.zone import Zone


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Zone:
    found = Zone()
    monkeypatch.setattr(dkim.nameserver, "open_", lambda settings: found)
    return found


def test_a_key_signs_only_what_the_zone_has(data: Path, dns: Zone, capsys: Any) -> None:
    at = ["--data", str(data)]
    assert run(["dkim", "new", "city.example", "--selector", "one", *at]) == 0
    said = capsys.readouterr()
    (key,) = dkimkeys.listed(data)
    line = said.out.strip()
    assert line.startswith('one._domainkey.city.example. IN TXT "v=DKIM1; k=rsa; p=')
    assert line.replace('" "', "").endswith(f'"{key.record}"')
    assert max(map(len, line.partition("TXT ")[2].split('" "'))) <= 257  # a string of a TXT record has 255 characters
    assert run(["dkim", "activate", "city.example", "one", *at]) == 4
    assert "no such record" in capsys.readouterr().err and dkimkeys.listed(data)[0].state == "made"
    dns.rows["one._domainkey.city.example"] = {"TXT": "v=DKIM1; p=AAAA"}
    assert run(["dkim", "activate", "city.example", "one", *at]) == 4
    assert "another record" in capsys.readouterr().err
    dns.rows["one._domainkey.city.example"] = {"TXT": "TEMP"}
    assert run(["dkim", "activate", "city.example", "one", *at]) == 4
    assert "--anyway" in capsys.readouterr().err
    dns.rows["one._domainkey.city.example"] = {"TXT": key.record}
    assert run(["dkim", "activate", "city.example", "one", *at]) == 0
    assert dkimkeys.listed(data)[0].state == "active"


def test_rotation_by_the_operator(data: Path, dns: Zone, capsys: Any) -> None:
    at = ["--data", str(data)]
    for selector in ("one", "two"):
        assert run(["dkim", "new", "city.example", "--algorithm", "ed25519", "--selector", selector, *at]) == 0
        assert run(["dkim", "activate", "city.example", selector, "--anyway", *at]) == 0
    capsys.readouterr()
    assert run(["dkim", "list", "--json", *at]) == 0
    rows = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["selector"], row["state"]) for row in rows] == [("one", "retired"), ("two", "active")]
    assert run(["dkim", "retire", "city.example", "two", *at]) == 0
    assert run(["dkim", "activate", "city.example", "two", "--anyway", *at]) == 4
    assert run(["dkim", "new", "city.example", "--algorithm", "dsa", *at]) == 2
    assert run(["dkim", "list", *at]) == 0
    assert "Retired" in capsys.readouterr().out
