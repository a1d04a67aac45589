"""Addresses of the pages on which people write. They carry ids alone."""

from __future__ import annotations

from django.urls import path

from civicmail.desk.mailbox.views import drafts, outgoing, picking, plain, writing

urlpatterns = [
    path("mail/write/", writing.write, name="mail-write"),
    path("mail/write/people/", picking.offered, name="mail-people"),
    path("mail/write/<uuid:uid>/", writing.draft, name="mail-draft"),
    path("mail/write/<uuid:uid>/people/", picking.people, name="mail-draft-people"),
    path("mail/write/<uuid:uid>/discard/", drafts.discard, name="mail-draft-discard"),
    path("mail/sent-plain/", plain.listed, name="sent-plain"),
    path("mail/drafts/", drafts.drafts, name="mail-drafts"),
    path("mail/outgoing/<uuid:uid>/", outgoing.outgoing, name="mail-outgoing"),
    path("mail/signature/", drafts.signature, name="mail-signature"),
]
