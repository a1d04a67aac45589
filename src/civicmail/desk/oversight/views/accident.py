"""Report that one saw the content of a message by accident: two clicks, and no blame (P-17, I2)."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse

from civicmail.city.guard.reveals import NEXT
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.desk.oversight.acts.accidents import REPORT_ACCIDENT


@acting("content.accident")
def accident(request: CityRequest) -> HttpResponse:
    """Show one page with one button for each possible next step."""
    require(request, "content.accident")
    back = reverse("viewings" if may(request, "viewings.see") else "home")
    form_page = FormPage(
        title="Record an accidental view", section="Oversight", submit="", back=back,
        template="oversight/accident.html", context={"nexts": NEXT.items()},
    )  # fmt: skip
    return act_pages.answer(request, REPORT_ACCIDENT, None, form_page)
