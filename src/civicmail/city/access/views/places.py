"""The departments for which somebody may do something, as choices of a form."""

from __future__ import annotations

from civicmail.city.access.acts import About
from civicmail.city.access.errors import NotPermitted
from civicmail.city.access.views.asked import Asked, may
from civicmail.city.directory.models import Department


def offered(request: Asked, act: str) -> list[tuple[str, str]]:
    """(code, name) of each open department for which this person may do the act. Raises NotPermitted where there is none."""
    rows = Department.objects.filter(closed__isnull=True).order_by("name").values_list("code", "name")
    found = [(code, name) for code, name in rows if may(request, act, About(department=code))]
    if not found:
        raise NotPermitted(may(request, act).why or "No department is open.")
    return found
