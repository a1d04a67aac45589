"""Addresses of the pages of holding."""

from __future__ import annotations

from django.urls import path

from civicmail.desk.holding.views import (
    approvals,
    contained,
    contests,
    decision,
    digest,
    findings,
    own,
    pickup,
    pickupfiles,
    puttingup,
    quarantine,
    really,
    releases,
    securely,
    standing,
    verifying,
)

urlpatterns = [
    path("pickup/file/<str:signed>/", pickupfiles.file, name="pickup-file"),
    path("pickup/<str:token>/", pickup.pickup, name="pickup"),
    path("mail/secure/", securely.listed, name="secure-mail"),
    path("mail/secure/<int:pk>/", securely.one, name="secure-one"),
    path("holding/quarantine/", quarantine.listed, name="quarantine"),
    path("holding/quarantine/<uuid:capture>/<int:index>/", quarantine.release, name="quarantine-release"),
    path("holding/releases/", releases.listed, name="releases"),
    path("holding/releases/<int:pk>/", releases.one, name="release"),
    path("holding/contained/", contained.listed, name="contained"),
    path("holding/contained/<int:pk>/", contained.one, name="containment"),
    path("holding/contests/", contests.listed, name="contests"),
    path("holding/contests/<int:pk>/", contests.contest, name="contest"),
    path("holding/findings/", findings.listed, name="findings"),
    path("holding/findings/<int:pk>/", findings.finding, name="finding"),
    path("holding/approvals/", approvals.listed, name="approvals"),
    path("holding/approvals/mine/", approvals.mine, name="my-approvals"),
    path("holding/approvals/put-up/<uuid:draft>/", puttingup.put_up, name="approval-put-up"),
    path("holding/approvals/of/<uuid:capture>/", approvals.of_message, name="approval-of"),
    path("holding/approvals/standing/", standing.listed, name="standing-approvals"),
    path("holding/approvals/standing/new/", standing.new, name="standing-approval-new"),
    path("holding/approvals/standing/<int:pk>/", standing.one, name="standing-approval"),
    path("holding/approvals/<int:pk>/", approvals.one, name="approval"),
    path("holding/approvals/<int:pk>/file/<int:number>/", approvals.part, name="approval-file"),
    path("holding/approvals/<int:pk>/look/", approvals.sample, name="approval-sample"),
    path("decision/<uuid:capture>/", decision.decision, name="decision"),
    path("digest/<str:token>/", digest.digest, name="digest"),
    path("mail/digest/", digest.plan, name="mail-digest"),
    path("mail/<uuid:id>/release/", own.release, name="mail-release"),
    path("mail/<uuid:id>/verify/", verifying.mine, name="mail-verify"),
    path("really/", really.really, name="really"),
    path("verify/<str:token>/", verifying.linked, name="verify"),
    path("verified/<str:token>/", verifying.answered, name="verified"),
]
