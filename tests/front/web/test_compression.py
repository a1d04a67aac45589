"""What is compressed, and what another site could measure (BREACH)."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest
from django.test import Client

from pages.world import Town

Visit = Callable[[str], Client]


@pytest.mark.rule("P-07", "A page is compressed only where the browser says that no other site caused the request.")
def test_a_page_that_another_site_could_have_caused_is_not_compressed(city: Town, visit: Visit) -> None:
    client = visit("crew0")
    plain = client.get("/mail/").content
    for site, compressed in (("same-origin", True), ("none", True), ("same-site", False), ("cross-site", False), ("", False)):
        headers = {"accept-encoding": "gzip, br", **({"sec-fetch-site": site} if site else {})}
        answer = client.get("/mail/", headers=headers)
        assert answer.has_header("Content-Encoding") is compressed, site
        assert {"Accept-Encoding", "Sec-Fetch-Site"} <= {v.strip() for v in answer["Vary"].split(",")} or not compressed
        assert "Sec-Fetch-Site" in answer["Vary"]
        page = gzip.decompress(answer.content) if compressed else answer.content
        assert b"<title>My mail" in page and abs(len(page) - len(plain)) < 500
        assert not compressed or len(answer.content) < len(plain) / 2


def test_only_who_understands_it_gets_a_compressed_page(city: Town, visit: Visit) -> None:
    assert not visit("crew0").get("/mail/", headers={"sec-fetch-site": "same-origin"}).has_header("Content-Encoding")


def test_files_are_left_as_they_are(city: Town, visit: Visit) -> None:
    answer = visit("crew0").get("/mail/?format=csv", headers={"sec-fetch-site": "same-origin", "accept-encoding": "gzip"})
    assert answer.streaming and answer["Content-Type"].startswith("text/csv") and not answer.has_header("Content-Encoding")
