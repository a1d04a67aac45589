"""URLs of the pages of holding."""

from __future__ import annotations

from django.urls import path

from civicmail.city.pages import list_pages
from civicmail.city.pages.act_pages import paths
from civicmail.desk.holding.acts.digests import PLAN_DIGEST
from civicmail.desk.holding.acts.preapprovals import PUT_UP_FILES
from civicmail.desk.holding.acts.standing_approvals import ALLOW_STANDING
from civicmail.desk.holding.lists.appeals import APPEALS
from civicmail.desk.holding.lists.approvals import APPROVAL_REPORT, FILE_APPROVALS, MY_FILE_APPROVALS, STANDING_APPROVALS
from civicmail.desk.holding.lists.containment import COMPROMISED_ACCOUNTS
from civicmail.desk.holding.lists.findings import USE_FINDINGS
from civicmail.desk.holding.lists.pickups import ENCRYPTED_MAIL
from civicmail.desk.holding.lists.release_requests import RELEASE_REQUESTS
from civicmail.desk.holding.views import (
    appeals,
    approvals,
    authenticity,
    containment,
    decision,
    digest,
    encrypted_mail,
    findings,
    own_release,
    pickup,
    pickup_files,
    quarantine,
    release_requests,
    sender_verification,
    sent_files,
    shared_answer,
    standing_approvals,
)

LISTS = (
    APPEALS, APPROVAL_REPORT, COMPROMISED_ACCOUNTS, ENCRYPTED_MAIL, FILE_APPROVALS, MY_FILE_APPROVALS, RELEASE_REQUESTS,
    STANDING_APPROVALS, USE_FINDINGS,
)  # fmt: skip
urlpatterns = [
    *list_pages.paths(LISTS),
    path("pickup/file/<str:signed>/", pickup_files.file, name="pickup-file"),
    path("pickup/<str:token>/", pickup.pickup, name="pickup"),
    path("mail/secure/<int:pk>/", encrypted_mail.detail, name="secure-one"),
    path("holding/quarantine/", quarantine.listed, name="quarantine"),
    path("holding/quarantine/together/", quarantine.together, name="quarantine-together"),
    path("holding/quarantine/<uuid:capture>/<int:index>/", quarantine.release, name="quarantine-release"),
    path("holding/releases/<int:pk>/", release_requests.detail, name="release"),
    path("holding/contained/<int:pk>/", containment.detail, name="containment"),
    path("holding/contests/<int:pk>/", appeals.detail, name="contest"),
    path("holding/findings/<int:pk>/", findings.detail, name="finding"),
    *paths([PUT_UP_FILES]),
    path("holding/approvals/together/", shared_answer.together, name="approvals-together"),
    path("holding/approvals/of/<uuid:capture>/", approvals.of_message, name="approval-of"),
    path("holding/approvals/standing/<int:pk>/", standing_approvals.detail, name="standing-approval"),
    path("holding/approvals/<int:pk>/", approvals.detail, name="approval"),
    path("holding/approvals/<int:pk>/file/<int:number>/pages/<int:page>/", approvals.page_picture, name="approval-page"),
    path("holding/approvals/<int:pk>/file/<int:number>/", approvals.download_file, name="approval-file"),
    path("holding/approvals/<int:pk>/look/", approvals.sample, name="approval-sample"),
    path("decision/<uuid:capture>/", decision.decision, name="decision"),
    path("digest/<str:token>/", digest.digest, name="digest"),
    *paths([PLAN_DIGEST, ALLOW_STANDING]),
    path("mail/<uuid:id>/remind/", sent_files.remind, name="mail-remind"),
    path("mail/<uuid:id>/text/", sent_files.send_text, name="mail-text"),
    path("mail/<uuid:id>/release/", own_release.release, name="mail-release"),
    path("mail/<uuid:id>/verify/", sender_verification.ask, name="mail-verify"),
    path("really/", authenticity.check, name="really"),
    path("verify/<str:token>/", sender_verification.ask_by_link, name="verify"),
    path("verified/<str:token>/", sender_verification.answer, name="verified"),
]
