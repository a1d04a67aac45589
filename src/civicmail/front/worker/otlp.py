"""Send spans to an OpenTelemetry collector by OTLP over HTTP. Imported only if the settings name one (`civicmail[otel]`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from civicmail.core.config.errors import ConfigError
from civicmail.core.config.settings import Otel
from civicmail.front.worker.spans import Span

TIMEOUT = 10


class Collector:
    """Raises ConfigError for a file of headers that cannot be used. host: our name."""

    def __init__(self, otel: Otel, host: str) -> None:
        headers = _headers(otel.headers_file) if otel.headers_file else {}
        self._exporter = OTLPSpanExporter(otel.url, certificate_file=otel.ca or None, headers=headers, timeout=TIMEOUT)
        version = metadata.version("civicmail")
        self._resource = Resource({"service.name": "civicmail", "service.version": version, "host.name": host})
        self._scope = InstrumentationScope("civicmail", version)

    def send(self, spans: Sequence[Span]) -> bool:
        """Whether the collector took them."""
        return self._exporter.export([self._readable(span) for span in spans]) is SpanExportResult.SUCCESS

    def close(self) -> None:
        shutdown: Callable[[], None] = self._exporter.shutdown
        shutdown()

    def _readable(self, span: Span) -> ReadableSpan:
        return ReadableSpan(
            span.name,
            context=_context(span.trace, span.id),
            parent=_context(span.trace, span.parent) if span.parent else None,
            resource=self._resource,
            attributes={"civicmail.capture": span.trace.hex(), **span.attributes},
            kind=SpanKind.INTERNAL if span.parent else SpanKind.SERVER,
            status=Status(StatusCode.ERROR if span.failed else StatusCode.UNSET),
            start_time=span.start * 1_000,
            end_time=span.end * 1_000,
            instrumentation_scope=self._scope,
        )


def _context(trace: bytes, id_: bytes) -> SpanContext:
    sampled = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(int.from_bytes(trace), int.from_bytes(id_), is_remote=False, trace_flags=sampled)


def _headers(path: str) -> dict[str, str]:
    try:
        lines = [line.partition(":") for line in Path(path).read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The file of headers {path} cannot be read: {getattr(error, 'strerror', 'no text')}.") from None
    return {name.strip().lower(): value.strip() for name, _, value in lines}
