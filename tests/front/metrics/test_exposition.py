"""Metrics as text."""

from __future__ import annotations

import math
import re

from civicmail.core.disk.metrics import Histogram
from civicmail.front.metrics.exposition import OPEN_METRICS, PLAIN, media_type, text
from civicmail.front.metrics.families import FAMILIES


def test_open_metrics_have_their_type_unit_and_end() -> None:
    times = Histogram((0.1, 1.0), [2, 1, 1], 7.5)
    written = text({
        ("civicmail_messages_accepted", ("mx",)): 3,
        ("civicmail_acknowledge_seconds", ("mx",)): times,
        ("civicmail_disk_left_seconds", ()): math.inf,
        ("civicmail_build", ("1.0",)): 1,
    })  # fmt: skip
    assert written.splitlines() == [
        "# HELP civicmail_build The version of the program that reads these numbers.",
        "# TYPE civicmail_build info",
        'civicmail_build_info{version="1.0"} 1',
        "# HELP civicmail_messages_accepted Messages that were archived and answered with 250.",
        "# TYPE civicmail_messages_accepted counter",
        'civicmail_messages_accepted_total{listener="mx"} 3',
        "# HELP civicmail_acknowledge_seconds From the end of the content to the answer, of archived messages.",
        "# TYPE civicmail_acknowledge_seconds histogram",
        "# UNIT civicmail_acknowledge_seconds seconds",
        'civicmail_acknowledge_seconds_bucket{listener="mx",le="0.1"} 2',
        'civicmail_acknowledge_seconds_bucket{listener="mx",le="1.0"} 3',
        'civicmail_acknowledge_seconds_bucket{listener="mx",le="+Inf"} 4',
        'civicmail_acknowledge_seconds_count{listener="mx"} 4',
        'civicmail_acknowledge_seconds_sum{listener="mx"} 7.5',
        "# HELP civicmail_disk_left_seconds When that is reached at the pace of the last week; +Inf where nothing grows.",
        "# TYPE civicmail_disk_left_seconds gauge",
        "# UNIT civicmail_disk_left_seconds seconds",
        "civicmail_disk_left_seconds +Inf",
        "# EOF",
    ]
    assert written.endswith("# EOF\n")


def test_the_older_format_names_samples_and_knows_no_info() -> None:
    written = text({("civicmail_build", ("1.0",)): 1, ("civicmail_timeouts", ("mx",)): 2}, PLAIN)
    assert "# TYPE civicmail_build_info gauge\n" in written and "# TYPE civicmail_timeouts_total counter\n" in written
    assert "# UNIT" not in written and "# EOF" not in written


def test_labels_are_escaped() -> None:
    assert 'check="a \\"b\\" \\\\ c\\nd"' in text({("civicmail_check_problems", ('a "b" \\ c\nd',)): 1})


def test_what_another_version_counted_is_left_out() -> None:
    stranger = {
        ("civicmail_of_tomorrow", ()): 1,
        ("civicmail_timeouts", ("mx", "more")): 1,
        ("civicmail_acknowledge_seconds", ("mx",)): 1,
    }
    assert text(stranger) == "# EOF\n"


def test_prometheus_gets_what_it_accepts() -> None:
    assert media_type("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3") == OPEN_METRICS
    assert media_type("*/*") == media_type("") == PLAIN


def test_names_follow_the_conventions() -> None:
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    for family in FAMILIES:
        assert re.fullmatch(r"civicmail(_[a-z]+)+", family.name), family
        assert not re.search(r"_(total|info|count|sum|bucket|ms|milliseconds|minutes|hours|days|kilobytes)$", family.name), family
        assert family.unit or family.type not in ("histogram",), family
        assert family.help.endswith(".") and not set(family.labels) & {
            "le",
            "quantile",
            "job",
            "instance",
        }  # Prometheus has its own
