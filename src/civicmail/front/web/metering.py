"""What the web process counts of itself, as text for Prometheus (exposition format 0.0.4); names of views, never of people."""

from __future__ import annotations

import threading
from collections import Counter

BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the histogram in seconds."""

_lock = threading.Lock()
_requests: Counter[tuple[str, int]] = Counter()
_buckets: Counter[float] = Counter()
_seconds = 0.0


def note(view: str, status: int, seconds: float) -> None:
    """One request was answered."""
    global _seconds
    with _lock:
        _requests[view, status] += 1
        _seconds += seconds
        for bound in BOUNDS:
            if seconds <= bound:
                _buckets[bound] += 1


def text(gauges: dict[str, tuple[str, float]]) -> str:
    """gauges: name -> (help, value), as they are at this moment."""
    lines = ["# HELP civicmail_web_requests_total Requests answered.", "# TYPE civicmail_web_requests_total counter"]
    with _lock:
        requests, buckets, seconds = dict(_requests), dict(_buckets), _seconds
    count = sum(requests.values())
    lines += [f'civicmail_web_requests_total{{view="{v}",status="{s}"}} {n}' for (v, s), n in sorted(requests.items())]
    lines += ["# HELP civicmail_web_request_seconds How long answers took.", "# TYPE civicmail_web_request_seconds histogram"]
    lines += [f'civicmail_web_request_seconds_bucket{{le="{b}"}} {buckets.get(b, 0)}' for b in BOUNDS]
    lines += [f'civicmail_web_request_seconds_bucket{{le="+Inf"}} {count}']
    lines += [f"civicmail_web_request_seconds_sum {seconds:.6f}", f"civicmail_web_request_seconds_count {count}"]
    for name, (help_, value) in gauges.items():
        lines += [f"# HELP {name} {help_}", f"# TYPE {name} gauge", f"{name} {value:g}"]
    return "\n".join(lines) + "\n"
