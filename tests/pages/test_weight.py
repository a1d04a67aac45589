"""What a browser fetches for a page that it has never seen, but for fonts: at most 100 kB (issue 22), in a town of two hundred
people that has something in every state."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone

from pages.conftest import with_mail
from pages.test_looks import visitor
from pages.test_sweep import PAGES, path_of
from pages.world import carry, more, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
HEAVIEST = 100_000
LINKED = re.compile(r"""(?:href|src)="/static/([^"#?]+)(?<!\.woff2)["#?]""")


@cache
def fetched(name: str) -> int:
    found = finders.find(name)
    assert found is not None, name
    return len(gzip.compress(Path(found).read_bytes()))


def weight(page: bytes) -> int:
    """Bytes, compressed: the page, and each file that it names."""
    return len(gzip.compress(page)) + sum(map(fetched, set(LINKED.findall(page.decode()))))


@pytest.mark.rule("P-08", "A page weighs at most 100 kB without fonts, whatever it shows.")
def test_no_page_weighs_more_than_a_slow_line_carries(installed: Path) -> None:
    t = with_mail(installed, every=True)
    more(t, 190)
    (installed / "claimed").touch()
    carry(timezone.now())
    weights = {}
    for name, page in PAGES.items():
        if page.get("get", True):
            client = Client()
            client.cookies["sessionid"] = signed_in(t.people[visitor(page)])
            answer = client.get(path_of(page, t))
            if answer["Content-Type"].startswith("text/html") and answer.status_code == 200:
                weights[name] = weight(answer.content)
    assert len(weights) > 200 and weights["my-mail"] > 30_000
    assert {name: w for name, w in weights.items() if w > HEAVIEST} == {}
