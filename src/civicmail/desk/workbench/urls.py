"""URLs of the workbench pages."""

from __future__ import annotations

from django.urls import path

from civicmail.city.pages import list_pages
from civicmail.city.pages.act_pages import paths
from civicmail.desk.workbench.acts import examinations, exports
from civicmail.desk.workbench.acts import privilege as privilege_acts
from civicmail.desk.workbench.lists.privilege import LISTS
from civicmail.desk.workbench.views import (
    decide_examination,
    examination_list,
    export_pages,
    legal_hold,
    message_pages,
    overview,
    privilege,
    request_examination,
    search_page,
)

_ONE = "mandates/<slug:number>/"
_MESSAGE = _ONE + "messages/<uuid:id>/"
_CLEARANCE = "privileged/messages/<int:pk>/"
_EXPORT = _ONE + "exports/<int:pk>/"

urlpatterns = [
    path("mandates/", examination_list.listed, name="mandates"),
    path("mandates/new/", request_examination.new, name="mandate-new"),
    path(_ONE, overview.mandate, name="mandate"),
    path(_ONE + "approve/", decide_examination.approve, name="mandate-approve"),
    path(_ONE + "ratify/", decide_examination.ratify, name="mandate-ratify"),
    path(_ONE + "changes/<int:pk>/", decide_examination.change, name="mandate-change"),
    path(_ONE + "amend/", request_examination.amend, name="mandate-amend"),
    path(_ONE + "seal/", decide_examination.seal, name="mandate-seal"),
    path(_ONE + "search/", search_page.search_page, name="mandate-search"),
    path(_MESSAGE, message_pages.message, name="mandate-message"),
    path(_MESSAGE + "frame/", message_pages.frame, name="mandate-frame"),
    path(_MESSAGE + "part/", message_pages.part, name="mandate-part"),
    path(_MESSAGE + "raw/", message_pages.raw, name="mandate-raw"),
    path(_ONE + "privileged/", privilege.stubs, name="mandate-privileged"),
    path(_ONE + "hold/", legal_hold.hold, name="mandate-hold"),
    path(_ONE + "exports/", export_pages.exports, name="mandate-exports"),
    path(_EXPORT, export_pages.export, name="mandate-export"),
    *paths([*examinations.ACTS, *exports.ACTS, *privilege_acts.ACTS]),
    *list_pages.paths(LISTS),
    path(_CLEARANCE, privilege.clearance, name="clearance"),
    path(_CLEARANCE + "frame/", privilege.frame, name="clearance-frame"),
    path(_CLEARANCE + "part/", privilege.part, name="clearance-part"),
    path(_CLEARANCE + "raw/", privilege.raw, name="clearance-raw"),
    path(_EXPORT + "file/", export_pages.fetch, name="mandate-export-file"),
]
