"""Addresses of the pages of the workbench."""

from __future__ import annotations

from django.urls import path

from civicmail.desk.workbench.views import asking, deciding, exporting, holding, listing, overview, reading, searching

_ONE = "mandates/<slug:number>/"
_MESSAGE = _ONE + "messages/<uuid:id>/"
_EXPORT = _ONE + "exports/<int:pk>/"

urlpatterns = [
    path("mandates/", listing.listed, name="mandates"),
    path("mandates/new/", asking.new, name="mandate-new"),
    path(_ONE, overview.mandate, name="mandate"),
    path(_ONE + "approve/", deciding.approve, name="mandate-approve"),
    path(_ONE + "ratify/", deciding.ratify, name="mandate-ratify"),
    path(_ONE + "changes/<int:pk>/", deciding.change, name="mandate-change"),
    path(_ONE + "amend/", asking.amend, name="mandate-amend"),
    path(_ONE + "withdraw/", deciding.withdraw, name="mandate-withdraw"),
    path(_ONE + "close/", deciding.close, name="mandate-close"),
    path(_ONE + "stop/", deciding.stop, name="mandate-stop"),
    path(_ONE + "seal/", deciding.seal, name="mandate-seal"),
    path(_ONE + "search/", searching.searched, name="mandate-search"),
    path(_MESSAGE, reading.message, name="mandate-message"),
    path(_MESSAGE + "frame/", reading.frame, name="mandate-frame"),
    path(_MESSAGE + "part/", reading.part, name="mandate-part"),
    path(_MESSAGE + "raw/", reading.raw, name="mandate-raw"),
    path(_ONE + "hold/", holding.hold, name="mandate-hold"),
    path(_ONE + "exports/", exporting.exports, name="mandate-exports"),
    path(_EXPORT, exporting.export, name="mandate-export"),
    path(_EXPORT + "stop/", exporting.stop, name="mandate-export-stop"),
    path(_EXPORT + "go-on/", exporting.go_on, name="mandate-export-go-on"),
    path(_EXPORT + "file/", exporting.fetch, name="mandate-export-file"),
]
