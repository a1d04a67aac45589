"""A collector of traces that speaks OTLP over HTTP (opentelemetry-proto): it keeps the spans that it is sent."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Got:
    """One span as it came. start, end: ns; parent: "" for the first of a trace."""

    trace: str
    id: str
    parent: str
    name: str
    start: int
    end: int
    attributes: dict[str, Any]
    status: int
    service: str


class Collector(ThreadingHTTPServer):
    """away: it answers 400, which is not tried again within one request; raw: bodies as they came; headers: of the last request."""

    def __init__(self) -> None:
        self.spans: list[Got] = []
        self.raw = b""
        self.headers: dict[str, str] = {}
        self.away = False
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/traces"


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        body = self.rfile.read(int(self.headers["Content-Length"]))
        body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        self.server.headers = {name.lower(): value for name, value in self.headers.items()}
        if not self.server.away:
            self.server.raw += body
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                (service,) = (one.value.string_value for one in resource.resource.attributes if one.key == "service.name")
                self.server.spans += [_got(span, service) for scope in resource.scope_spans for span in scope.spans]
        self.send_response(400 if self.server.away else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def _got(span: Any, service: str) -> Got:
    attributes = {one.key: _value(one.value) for one in span.attributes}
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    return Got(*ids, span.name, span.start_time_unix_nano, span.end_time_unix_nano, attributes, span.status.code, service)


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_value(one) for one in value.array_value.values] if kind == "array_value" else getattr(value, kind)


@contextmanager
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
