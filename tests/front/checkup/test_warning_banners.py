"""Doctor says when readers cannot be told of mail from outside (P-31)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from civicmail.city.notices import signed_links
from civicmail.core.config.load import load
from civicmail.core.config.settings import Marks, Web
from civicmail.front.checkup.findings import Installation
from civicmail.front.checkup.warning_banners import warning_banners

URL = "https://mail.city.example"


@pytest.mark.rule("P-31", "doctor names obstacles to rewritten links and warning banners.")
def test_links_without_an_address_and_a_damaged_key_are_problems(data: Path) -> None:
    """Doctor names what keeps links and the line of doubt from working."""

    def levels(rules: Marks, url: str = URL) -> list[str]:
        settings = replace(load(data), marks=rules, web=Web(url=url))
        return [found.level for found in warning_banners(Installation(data, settings, now=0))]

    assert levels(Marks(links=["*"]), "") == ["problem"] and levels(Marks(), "") == levels(Marks(doubt=[])) == []
    assert levels(Marks()) == levels(Marks(url=URL)) == ["ok"]
    assert levels(Marks(url="https://links.city.example")) == ["problem"]
    signed_links.key_path(data).write_text("{}")
    assert levels(Marks()) == ["problem"]
