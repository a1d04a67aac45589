"""The page Mail statistics: charts of mail, times, storage, approvals and rules ("/system/statistics/")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase
from django.utils import timezone

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages import listing, wording
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.listing import Column
from civicmail.city.pages.page import Page
from civicmail.city.policy.active_rules import starter_ids
from civicmail.desk.oversight.queries import rules
from civicmail.front.checkup import samples
from civicmail.front.web.system import installation, statistics_charts
from civicmail.front.web.system.statistics_charts import SCALES, Slot

DEFAULT = "day"
RULES_MOST = 30
"""Rules with hits that the page offers, those with the most first."""


@acting("health.see")
def statistics(request: CityRequest) -> HttpResponseBase:
    """Charts of the last hours, days or months, and their numbers as a list."""
    require(request, "health.see")
    by = request.GET.get("by", "")
    scale = SCALES.get(by) or SCALES[DEFAULT]
    slots = slots_of(by, epoch_ms(request.now))
    hits = rules.hits_by_day(timezone.localdate(from_ms(slots[0].begins)))
    sums = Counter[str]()
    for (rule, _), count in hits.items():
        sums[rule] += count
    most = [rule for rule, _ in sums.most_common(RULES_MOST)]
    rule = chosen if (chosen := request.GET.get("rule", "")) in most else next(iter(most), "")
    charts = [
        *statistics_charts.of_mail(scale, slots),
        *statistics_charts.of_times(scale, slots),
        *statistics_charts.of_stores(scale, slots, settings.CITY.gateway.min_free),
    ]
    if by != "hour":  # hits are counted by day
        charts.append(statistics_charts.of_hits(scale, slots, hits, unwanted()))
        charts += [statistics_charts.of_rule(scale, slots, rule, hits)] if rule else []
    listing_ = listing.from_rows(
        request,
        [{"pk": slot.begins, "s": slot} for slot in reversed(slots) if slot.period],
        caption=f"What was counted, the newest {scale.noun.lower()} first",
        columns=(Column("time", scale.noun, lambda r: _begins(r["s"], by)), *COLUMNS),
        empty="Nothing was counted yet: the job “samples” writes one sample an hour.",
        noun="rows",
        keep=("by", "rule"),
    )
    tabs = [(words, listing_.link(by=key, rule=""), key == (by or DEFAULT)) for key, words in TABS]
    shown = {
        "page": Page("Mail statistics", "System"),
        "charts": charts,
        "tabs": tabs,
        "by": by or DEFAULT,
        "rules": most,
        "rule": rule,
    }
    return listing.render_list(request, "system/statistics.html", listing_, shown)


def slots_of(by: str, now: int) -> list[Slot]:
    """The slots of a scale with what was counted in them. now: epoch ms."""
    slots = (SCALES.get(by) or SCALES[DEFAULT]).slots(from_ms(now))
    return statistics_charts.filled(slots, samples.read(installation.data(), slots[0].begins, now))


def unwanted() -> dict[str, frozenset[str]]:
    """Kind of unwanted mail -> rules on it."""
    return {"Spam": starter_ids("spam"), "Phishing": starter_ids("phishing")}


def _begins(slot: Slot, by: str) -> str:
    local = timezone.localtime(from_ms(slot.begins))
    return slot.label if by == "month" else wording.minute(local) if by == "hour" else wording.day(local)


def _count(*keys: str) -> Callable[[Any], int]:
    return lambda row: sum(row["s"].period.counts.get(key, 0) for key in keys)


def _gauge(key: str) -> Callable[[Any], str]:
    return lambda row: f"{row['s'].period.gauges.get(key, 0):.0f}"


def _seconds(key: str, share: float) -> Callable[[Any], str]:
    def value(row: Any) -> str:
        seconds = samples.percentile(row["s"].period.times.get(key), share)
        return "" if seconds is None else f"{seconds:.3f}"

    return value


TABS = (("hour", "48 hours"), ("day", "30 days"), ("month", "12 months"))
COLUMNS = (
    Column("in", "In", _count("in", "sent"), num=True, name="in"),
    Column("out", "Out", _count("out"), num=True, name="out"),
    Column("refused", "Refused", _count("refused", "recipients"), num=True, name="refused"),
    Column("failed", "Failed", _count("failed"), num=True, name="failed"),
    Column("held", "Held", _gauge("held"), num=True, name="held"),
    Column("answer", "250, median s", _seconds("answer", 0.5), num=True, name="250, median s"),
    Column("answer-95", "95 %", _seconds("answer", 0.95), num=True, name="95 %"),
    Column("delivery", "Delivery, median s", _seconds("delivery", 0.5), num=True, name="delivery, median s"),
    Column("delivery-95", "95 %", _seconds("delivery", 0.95), num=True, name="95 %"),
    Column("search", "Found, median s", _seconds("search", 0.5), num=True, name="found, median s"),
    Column("search-95", "95 %", _seconds("search", 0.95), num=True, name="95 %"),
)
