"""The departments for which somebody may do something, as choices of a form."""

from __future__ import annotations

from civicmail.city.access.errors import NotPermitted
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views.city_request import CityRequest, could
from civicmail.city.directory.models import Department


def department_choices(request: CityRequest, act: str) -> list[tuple[str, str]]:
    """(code, name) of each open department for which this person may do the act. Raises NotPermitted where there is none."""
    rows = Department.objects.filter(closed__isnull=True).order_by("name").values_list("code", "name")
    choices = [(code, name) for code, name in rows if could(request, act, InDepartment(code))]
    if not choices:
        raise NotPermitted(could(request, act).reason or "No department is open.")
    return choices
