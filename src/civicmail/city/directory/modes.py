"""Whether an address is the city's, and the delivery mode of its department; gateways and the courier both use this.

With `[courier] elsewhere` empty, every address of our domains is here.
With it set, only live departments are; the others, and people without a department, are still with the old system.
Running processes check the files once a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from civicmail.city.directory import store
from civicmail.city.directory.departments import Departments
from civicmail.city.directory.errors import BadDirectory
from civicmail.city.policy.delivery import Mode
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.core.wire.errors import PathError
from civicmail.core.wire.paths import Path as WirePath
from civicmail.core.wire.paths import parse_path

log = get_logger()

REFRESH_SECONDS = 1.0


class Modes:
    """Made with the settings of an installation; data None: without a directory. Raises BadDirectory where that cannot be read."""

    def __init__(self, settings: Settings, data: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._domains = frozenset(d.lower() for d in settings.city.domains)
        self._home = settings.city.domains[0].lower()
        self._data = data if settings.courier.elsewhere else None
        self._everybody = not settings.courier.elsewhere
        self._clock = clock
        self._looked = clock()
        self._stamp = store.stamp(self._data) if self._data else ()
        self._departments = store.load(self._data) if self._data else Departments()

    def of(self, address: str) -> Mode | None:
        """The mode of the mailbox with this envelope address; None where it is not in a domain of the city."""
        path = self.split(address)
        if path.domain not in self._domains:
            return None
        if self._everybody:
            return "live"
        department = self._departments.of(path.local, path.domain)
        return department.mode if department is not None else "elsewhere"

    def refresh(self) -> bool:
        """Check, at most once a second, whether the directory has changed; True if it has.

        An unreadable one changes nothing, and is logged.
        """
        if self._data is None or self._clock() - self._looked < REFRESH_SECONDS:
            return False
        self._looked = self._clock()
        try:
            if (stamp := store.stamp(self._data)) == self._stamp:
                return False
            self._stamp = stamp
            self._departments = store.load(self._data)
        except (OSError, BadDirectory) as error:
            log.error("the directory cannot be read, the last one stays in force", error=str(error))
            return False
        log.info("the directory has changed", departments=len(self._departments.by_name))
        return True

    def split(self, address: str) -> WirePath:
        """Local part and domain; an address without a domain (postmaster) belongs to our first one."""
        try:
            path = parse_path(address)
        except PathError:
            local, _, domain = address.rpartition("@")
            path = WirePath(local or domain, domain.lower() if local else "", address)
        return path if path.domain else WirePath(path.local, self._home, path.raw)
