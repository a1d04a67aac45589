"""Addresses of the pages on which people write. They carry ids alone."""

from __future__ import annotations

from django.urls import path

from civicmail.city.pages import list_pages
from civicmail.city.pages.act_pages import paths
from civicmail.desk.mailbox.acts.drafts import DISCARD_DRAFT
from civicmail.desk.mailbox.acts.signatures import WRITE_SIGNATURE
from civicmail.desk.mailbox.lists.unencrypted_mail import UNENCRYPTED_MAIL
from civicmail.desk.mailbox.views import address_book, drafts, outgoing, write_page

urlpatterns = [
    path("mail/write/", write_page.write, name="mail-write"),
    path("mail/write/people/", address_book.offered, name="mail-people"),
    path("mail/write/<uuid:uid>/", write_page.draft, name="mail-draft"),
    path("mail/write/<uuid:uid>/people/", address_book.people, name="mail-draft-people"),
    *list_pages.paths([UNENCRYPTED_MAIL]),
    path("mail/drafts/", drafts.drafts, name="mail-drafts"),
    path("mail/outgoing/<uuid:uid>/", outgoing.outgoing, name="mail-outgoing"),
    *paths([DISCARD_DRAFT, WRITE_SIGNATURE]),
]
