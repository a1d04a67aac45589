"""Addresses of the pages of one's own mail. They carry ids alone."""

from __future__ import annotations

from django.urls import path

from civicmail.desk.mailbox.views import delivery, listing, message, reporting, thread

urlpatterns = [
    path("mail/", listing.mail, name="my-mail"),
    path("mail/<uuid:id>/", message.message, name="mail-message"),
    path("mail/<uuid:id>/frame/", message.frame, name="mail-frame"),
    path("mail/<uuid:id>/file/", message.part, name="mail-part"),
    path("mail/<uuid:id>/raw/", message.raw, name="mail-raw"),
    path("mail/<uuid:id>/delivery/", delivery.delivery, name="mail-delivery"),
    path("mail/<uuid:id>/report/", reporting.report, name="mail-report"),
    path("mail/<uuid:id>/thread/", thread.thread, name="mail-thread"),
]
