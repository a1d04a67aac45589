"""Journal offsets of a consumer, kept in a table.

They are stored in the transaction of the data read, so that no record counts twice and none is skipped.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Model


def read_offsets(table: type[Model]) -> dict[str, int]:
    """Journal to the last record that was read; empty before the first."""
    return dict(table._default_manager.values_list("journal", "number"))


def store_offsets(table: type[Model], places: Mapping[str, int]) -> None:
    """Store these journal offsets."""
    rows = [table(journal=journal, number=number) for journal, number in sorted(places.items())]
    table._default_manager.bulk_create(rows, update_conflicts=True, unique_fields=["journal"], update_fields=["number"])
