"""URLs of the pages of one's own mail. They contain ids alone."""

from __future__ import annotations

from django.urls import path

from civicmail.city.pages.act_pages import paths
from civicmail.desk.mailbox.acts.labels import REMOVE_LABEL, RENAME_LABEL
from civicmail.desk.mailbox.views import (
    delivery,
    invitation_cards,
    label_pages,
    mail_list_page,
    mark_mail,
    message,
    message_context,
    own_mailboxes,
    snippets,
    thread,
)

urlpatterns = [
    path("mail/", mail_list_page.mail, name="my-mail"),
    path("mail/away/", own_mailboxes.away, name="mail-away"),
    path("mail/away/<int:mailbox>/", own_mailboxes.away_of, name="mail-away-of"),
    path("mail/boxes/", own_mailboxes.boxes, name="mail-boxes"),
    path("mail/keep/", mark_mail.keep, name="mail-keep"),
    path("mail/lines/", snippets.lines, name="mail-lines"),
    path("mail/labels/", label_pages.labels, name="mail-labels"),
    *paths([RENAME_LABEL, REMOVE_LABEL]),
    path("mail/<uuid:id>/", message.message, name="mail-message"),
    path("mail/<uuid:id>/frame/", message.frame, name="mail-frame"),
    path("mail/<uuid:id>/file/", message.part, name="mail-part"),
    path("mail/<uuid:id>/file/look/", message.look, name="mail-look"),
    path("mail/<uuid:id>/file/picture/", message.picture, name="mail-picture"),
    path("mail/<uuid:id>/raw/", message.raw, name="mail-raw"),
    path("mail/<uuid:id>/delivery/", delivery.delivery, name="mail-delivery"),
    path("mail/<uuid:id>/answer/", invitation_cards.answer, name="mail-answer"),
    path("mail/<uuid:id>/take/<int:mailbox>/", message_context.take, name="mail-take"),
    path("mail/<uuid:id>/thread/", thread.thread, name="mail-thread"),
]
