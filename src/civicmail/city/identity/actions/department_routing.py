"""Write the routing list of departments for gateways and the courier (P-06)."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from civicmail.city.directory import store
from civicmail.city.identity.actions.publishing import data_folder
from civicmail.city.snapshot.queries.department_routing import addresses_by_department


def write_on_commit() -> None:
    """Write the routing table when this transaction commits. The city worker writes changes of mailboxes and people."""
    transaction.on_commit(write)


def write() -> bool:
    """Write the present routing table; True if it differs from the previous one."""
    data = data_folder()
    return data is not None and not store.is_by_hand(data) and store.write_list(data, addresses_by_department())


def follow() -> bool:
    """Write the table if it is used: without another mail system everyone is here, whatever the department. Also once if it was
    never written."""
    data = data_folder()
    is_due = bool(settings.CITY.courier.elsewhere) or (data is not None and not (data / store.LIST).exists())
    return is_due and write()


def put_away_file() -> None:
    """A directory.toml was opened: this list counts from now on."""
    data = data_folder()
    if data is not None:
        store.put_away(data, addresses_by_department())
