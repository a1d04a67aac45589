"""Write the routing list of departments for gateways and the courier (P-06)."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from civicmail.city.directory import store
from civicmail.city.identity.actions.publishing import data_folder
from civicmail.city.snapshot.queries.department_routing import addresses_by_department


def write_on_commit() -> None:
    """When this transaction commits. What changes with mailboxes and people is written by the city worker."""
    transaction.on_commit(write)


def write() -> bool:
    """As it is now; True where it is another one than before."""
    data = data_folder()
    return data is not None and not store.is_by_hand(data) and store.write_list(data, addresses_by_department())


def follow() -> bool:
    """The same, where it matters to anybody: without another system everybody is here, whichever department they are of; and once
    where nobody has made it yet."""
    data = data_folder()
    is_due = bool(settings.CITY.courier.elsewhere) or (data is not None and not (data / store.LIST).exists())
    return is_due and write()


def put_away_file() -> None:
    """A directory.toml was opened: this list counts from now on."""
    data = data_folder()
    if data is not None:
        store.put_away(data, addresses_by_department())
