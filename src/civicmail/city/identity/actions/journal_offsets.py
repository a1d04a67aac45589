"""Journal offsets of a consumer, kept in a table.

It is noted in the transaction of what was read there, so that nothing counts twice and nothing is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Model


def read_offsets(table: type[Model]) -> dict[str, int]:
    """Journal to the last record that was read; empty before the first."""
    return dict(table._default_manager.values_list("journal", "number"))


def store_offsets(table: type[Model], places: Mapping[str, int]) -> None:
    """Everything up to here is done."""
    rows = [table(journal=journal, number=number) for journal, number in sorted(places.items())]
    table._default_manager.bulk_create(rows, update_conflicts=True, unique_fields=["journal"], update_fields=["number"])
