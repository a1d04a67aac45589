"""The page Evidence pack ("/oversight/evidence/"): asks what it is about, and sends the file."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import content_disposition_header

from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.desk.oversight.acts.evidence_packs import MAKE_EVIDENCE_PACK, Pack

NOTE = (
    "You get a zip file with the entries and proofs that they are in the signed ledger, which outsiders can check. It has no mail. "
    "Reviews of access and requests for records have evidence files of their own, on their pages."
)


@acting("entries.see")
def evidence_pack(request: CityRequest) -> HttpResponse:
    """Show the form, or the zip file after its entry."""
    require(request, "entries.see")
    log = reverse("entries")
    form_page = FormPage(
        title="Evidence pack",
        section="Oversight",
        submit="Make the file",
        back=log,
        crumbs=[("Audit log", log)],
        note=NOTE,
    )
    return act_pages.answer(request, MAKE_EVIDENCE_PACK, None, form_page, once=download)


def download(made: Pack) -> HttpResponse:
    """The file."""
    response = HttpResponse(made.content, content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=made.name)
    return response
