"""`civicmail access close|reconcile`: the count, the order, and what does not fit, on the command line (P-08)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from civicmail.city.conduct.models import Closure
from civicmail.city.guard.epoch import epoch_ms
from civicmail.core.config.load import load
from civicmail.front.worker import offboarding
from front.cli.calling import Caller, call, capture, city, folder

__all__ = ["call", "capture", "city", "folder"]
WHY = ("--reason", "Her last cases are closed and handed over.")


def test_an_account_is_counted_and_closed_with_the_number_that_was_seen(call: Caller, city: Any, installed: Path) -> None:
    live = installed / "maildir" / "city.example" / "ruth.meyer" / "cur"
    live.mkdir(parents=True)
    (live / "1:2,S").write_bytes(b"Subject: one\n\nOne.\n")
    assert call("access reconcile", "--json", who="office") == 0
    kinds = {orjson.loads(line)["kind"] for line in call.said.out.splitlines()}
    assert {"left", "not-in-feed", "in-feed"} <= kinds
    assert call("access close", "p-crew11", *WHY, who="head") == 0
    now = epoch_ms(city.now)
    while offboarding.step(load(installed, environ={}), installed, lambda: now):
        pass
    counted = Closure.objects.get()
    assert (counted.state, counted.live, counted.problem) == ("counted", 1, "")
    assert call("access close", "p-crew11", "--messages", "2", *WHY, who="head") == 4 and b"count" in call.said.err
    assert call("access close", "p-crew11", "--messages", "1", "--json", *WHY, who="head") == 0, call.said.err
    assert orjson.loads(call.said.out)["state"] == "ordered"
    while offboarding.step(load(installed, environ={}), installed, lambda: now):
        pass
    assert Closure.objects.get().state == "closed" and not live.parent.exists()
