"""URLs of the pages of holding."""

from __future__ import annotations

from django.urls import path

from civicmail.city.pages.act_pages import paths
from civicmail.desk.holding.acts.digests import PLAN_DIGEST
from civicmail.desk.holding.acts.preapprovals import PUT_UP_FILES
from civicmail.desk.holding.acts.standing_approvals import ALLOW_STANDING
from civicmail.desk.holding.views import (
    appeals,
    approval_report,
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
    standing_approvals,
)

urlpatterns = [
    path("pickup/file/<str:signed>/", pickup_files.file, name="pickup-file"),
    path("pickup/<str:token>/", pickup.pickup, name="pickup"),
    path("mail/secure/", encrypted_mail.listed, name="secure-mail"),
    path("mail/secure/<int:pk>/", encrypted_mail.detail, name="secure-one"),
    path("holding/quarantine/", quarantine.listed, name="quarantine"),
    path("holding/quarantine/together/", quarantine.together, name="quarantine-together"),
    path("holding/quarantine/<uuid:capture>/<int:index>/", quarantine.release, name="quarantine-release"),
    path("holding/releases/", release_requests.listed, name="releases"),
    path("holding/releases/<int:pk>/", release_requests.detail, name="release"),
    path("holding/contained/", containment.listed, name="contained"),
    path("holding/contained/<int:pk>/", containment.detail, name="containment"),
    path("holding/contests/", appeals.listed, name="contests"),
    path("holding/contests/<int:pk>/", appeals.detail, name="contest"),
    path("holding/findings/", findings.listed, name="findings"),
    path("holding/findings/<int:pk>/", findings.detail, name="finding"),
    path("holding/approvals/", approvals.listed, name="approvals"),
    path("holding/approvals/report/", approval_report.report, name="approvals-report"),
    path("holding/approvals/mine/", approvals.my_files, name="my-approvals"),
    *paths([PUT_UP_FILES]),
    path("holding/approvals/of/<uuid:capture>/", approvals.of_message, name="approval-of"),
    path("holding/approvals/standing/", standing_approvals.listed, name="standing-approvals"),
    path("holding/approvals/standing/<int:pk>/", standing_approvals.detail, name="standing-approval"),
    path("holding/approvals/<int:pk>/", approvals.detail, name="approval"),
    path("holding/approvals/<int:pk>/file/<int:number>/", approvals.download_file, name="approval-file"),
    path("holding/approvals/<int:pk>/look/", approvals.sample, name="approval-sample"),
    path("decision/<uuid:capture>/", decision.decision, name="decision"),
    path("digest/<str:token>/", digest.digest, name="digest"),
    *paths([PLAN_DIGEST, ALLOW_STANDING]),
    path("mail/<uuid:id>/release/", own_release.release, name="mail-release"),
    path("mail/<uuid:id>/verify/", sender_verification.ask, name="mail-verify"),
    path("really/", authenticity.check, name="really"),
    path("verify/<str:token>/", sender_verification.ask_by_link, name="verify"),
    path("verified/<str:token>/", sender_verification.answer, name="verified"),
]
