"""What the public reading room has: publications with their files, as its pages and its static copy show them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from civicmail.core.redaction.manifest import NAME as MANIFEST
from civicmail.core.redaction.page_images import ENDS
from civicmail.desk.records.models import ProducedFile, Publication


@dataclass(frozen=True, slots=True)
class ReleasedDocument:
    """One document of a release. item: its number within the request; title: the released subject, "" for a file."""

    item: int
    title: str
    files: tuple[ProducedFile, ...]

    @property
    def number(self) -> str:
        """The number of its first page, by which people cite it."""
        return self.files[0].name.rpartition(".")[0]


def public() -> QuerySet[Publication]:
    """What everybody may read, newest first."""
    return Publication.objects.filter(state="public").select_related("production__request").order_by("-published", "-pk")


def taken_down() -> QuerySet[Publication]:
    """What everybody could read, and was taken down."""
    return Publication.objects.filter(state="taken", published__isnull=False).order_by("-since", "-pk")


def items(row: Publication) -> list[int]:
    """Numbers of its documents."""
    numbers = row.production.files.filter(item__gt=0).order_by("item").values_list("item", flat=True)
    return list(dict.fromkeys(numbers))


def documents(row: Publication, numbers: Collection[int], titles: Mapping[int, str]) -> list[ReleasedDocument]:
    """These documents of a publication, each with its files: PDF first. Page images are in the zip file."""
    files: dict[int, list[ProducedFile]] = {number: [] for number in numbers}
    for file in row.production.files.filter(item__in=numbers).exclude(media_type__in=ENDS).order_by("item", "pk"):
        files[file.item].append(file)
    return [
        ReleasedDocument(
            item, titles.get(item, ""), tuple(sorted(some, key=lambda file: (not file.name.endswith(".pdf"), file.pk)))
        )
        for item, some in files.items()
        if some
    ]


def lists(row: Publication) -> list[ProducedFile]:
    """Index, log, letter, manifest and the page that explains them."""
    return list(row.production.files.filter(item=0).order_by("name"))


def manifest_digest(row: Publication) -> str:
    """SHA-256 of the signed manifest, by which somebody verifies the release."""
    manifest = row.production.files.filter(name=MANIFEST).first()
    return manifest.sha256 if manifest else ""
