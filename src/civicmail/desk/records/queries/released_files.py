"""The files of a release, each as the gate lets it leave. Nothing else takes bytes out of the folder of a release."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from civicmail.core.redaction.gate import Certificate
from civicmail.desk.records.actions import productions
from civicmail.desk.records.models import ProducedFile, Production
from civicmail.desk.records.production import package
from civicmail.desk.records.production.making import FILES
from civicmail.desk.records.production.package import Listed


def content(data: Path, file: ProducedFile) -> bytes:
    """The bytes of a file of a released production. Raises NotReleasable."""
    return package.released(_folder(data, file.production), _listed(file))


def whole(data: Path, production: Production) -> Iterator[bytes]:
    """The zip file of a released production, in pieces. Raises NotReleasable."""
    return package.zipped(_folder(data, production), [_listed(file) for file in production.files.order_by("name")])


def _folder(data: Path, production: Production) -> Path:
    return productions.folder(data, production) / FILES


def _listed(row: ProducedFile) -> Listed:
    return Listed(row.name, row.media_type, Certificate(row.name, row.sha256, tuple(row.checks)), is_document=row.item > 0)
