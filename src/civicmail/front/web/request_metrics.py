"""Request counts and times of the web process by view, for the metrics listener and as Prometheus 0.0.4 text."""

from __future__ import annotations

import threading
from collections import Counter

from civicmail.core.disk.metrics import Histogram, Values

BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the histogram in seconds."""

_lock = threading.Lock()
_requests: Counter[tuple[str, int]] = Counter()
_seconds = Histogram(BOUNDS)


def note(view: str, status: int, seconds: float) -> None:
    """Count one request."""
    with _lock:
        _requests[view, status] += 1
        _seconds.observe(seconds)


def values() -> Values:
    """Counters for a meter (core/disk/metrics.py)."""
    with _lock:
        counted: Values = {("civicmail_web_requests", (view, str(status))): n for (view, status), n in _requests.items()}
        return counted | {("civicmail_web_request_seconds", ()): Histogram(BOUNDS, _seconds.counts, _seconds.sum)}


def text(gauges: dict[str, tuple[str, float]]) -> str:
    """gauges: name -> (help, current value)."""
    lines = ["# HELP civicmail_web_requests_total Requests answered.", "# TYPE civicmail_web_requests_total counter"]
    with _lock:
        requests, counts, seconds = dict(_requests), list(_seconds.counts), _seconds.sum
    count = sum(requests.values())
    lines += [f'civicmail_web_requests_total{{view="{v}",status="{s}"}} {n}' for (v, s), n in sorted(requests.items())]
    lines += ["# HELP civicmail_web_request_seconds How long answers took.", "# TYPE civicmail_web_request_seconds histogram"]
    lines += [f'civicmail_web_request_seconds_bucket{{le="{b}"}} {sum(counts[: n + 1])}' for n, b in enumerate(BOUNDS)]
    lines += [f'civicmail_web_request_seconds_bucket{{le="+Inf"}} {count}']
    lines += [f"civicmail_web_request_seconds_sum {seconds:.6f}", f"civicmail_web_request_seconds_count {count}"]
    for name, (help_, value) in gauges.items():
        lines += [f"# HELP {name} {help_}", f"# TYPE {name} gauge", f"{name} {value:g}"]
    return "\n".join(lines) + "\n"
