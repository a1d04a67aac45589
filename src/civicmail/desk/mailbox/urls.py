"""Addresses of the pages of one's own mail. They carry ids alone."""

from __future__ import annotations

from django.urls import path

from civicmail.desk.mailbox.views import beside, boxes, delivery, inviting, keeping, labelling, listing, message, snippets, thread

urlpatterns = [
    path("mail/", listing.mail, name="my-mail"),
    path("mail/away/", boxes.away, name="mail-away"),
    path("mail/away/<int:mailbox>/", boxes.away_of, name="mail-away-of"),
    path("mail/boxes/", boxes.boxes, name="mail-boxes"),
    path("mail/keep/", keeping.keep, name="mail-keep"),
    path("mail/lines/", snippets.lines, name="mail-lines"),
    path("mail/labels/", labelling.labels, name="mail-labels"),
    path("mail/labels/<int:pk>/", labelling.label, name="mail-label"),
    path("mail/labels/<int:pk>/remove/", labelling.remove, name="mail-unlabel"),
    path("mail/<uuid:id>/", message.message, name="mail-message"),
    path("mail/<uuid:id>/frame/", message.frame, name="mail-frame"),
    path("mail/<uuid:id>/file/", message.part, name="mail-part"),
    path("mail/<uuid:id>/file/look/", message.look, name="mail-look"),
    path("mail/<uuid:id>/file/picture/", message.picture, name="mail-picture"),
    path("mail/<uuid:id>/raw/", message.raw, name="mail-raw"),
    path("mail/<uuid:id>/delivery/", delivery.delivery, name="mail-delivery"),
    path("mail/<uuid:id>/answer/", inviting.answer, name="mail-answer"),
    path("mail/<uuid:id>/take/<int:mailbox>/", beside.take, name="mail-take"),
    path("mail/<uuid:id>/thread/", thread.thread, name="mail-thread"),
]
