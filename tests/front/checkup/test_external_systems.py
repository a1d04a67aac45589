"""Doctor says which other systems cannot be told that access has ended (P-08)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from civicmail.core.config.load import load
from civicmail.core.config.settings import Hook, Outside
from civicmail.front.checkup.external_systems import external_systems
from civicmail.front.checkup.findings import Installation


def test_a_secret_that_cannot_be_read_and_a_name_twice_are_problems(data: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret of both, 32 bytes long.")
    good = Hook(name="cloud", url="https://id.city.example/ended", secret_file=str(secret))
    bad = replace(good, name="vpn", secret_file=str(tmp_path / "none"))

    def levels(*hooks: Hook) -> list[str]:
        settings = replace(load(data), outside=Outside(hook=list(hooks)))
        return [found.level for found in external_systems(Installation(data, settings, now=0))]

    assert levels(good, bad) == ["ok", "problem"]
    assert levels(good, good) == ["problem", "problem"] and levels() == []
