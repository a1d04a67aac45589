"""Disposals."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One table."""

    initial = True

    dependencies = [
        ("directory", "0009_routed"),
    ]

    operations = [
        migrations.CreateModel(
            name="Disposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(db_index=True, default="listing", max_length=10)),
                ("since", models.DateTimeField(help_text="in this state")),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(max_length=400)),
                ("kind", models.CharField(blank=True, db_column="class", help_text="retention class", max_length=60)),
                ("year", models.PositiveSmallIntegerField(default=0)),
                ("most", models.PositiveIntegerField(default=0)),
                ("manifest", models.CharField(blank=True, max_length=64)),
                ("total", models.BigIntegerField(default=0)),
                ("captures", models.BigIntegerField(default=0)),
                ("size", models.BigIntegerField(default=0)),
                ("pieces", models.PositiveIntegerField(default=0)),
                ("kept", models.JSONField(default=dict)),
                ("figures", models.JSONField(default=dict)),
                ("decided", models.DateTimeField(blank=True, null=True)),
                ("answer", models.CharField(blank=True, max_length=400)),
                ("ready", models.DateTimeField(blank=True, null=True)),
                ("gone", models.BigIntegerField(default=0)),
                ("stayed", models.JSONField(default=dict)),
                ("certificates", models.JSONField(default=list)),
                ("why", models.CharField(blank=True, max_length=600)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by__isnull", True), models.Q(("decided_by", models.F("by")), _negated=True), _connector="OR"
                        ),
                        name="disposal_has_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["approved", "disposing", "disposed"]), _negated=True),
                            models.Q(
                                ("decided_by__isnull", False), ("ready__isnull", False), models.Q(("manifest", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="disposal_only_after_approval",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("manifest", ""), _negated=True), fields=("manifest",), name="disposal_manifest_once"
                    ),
                ],
            },
        ),
    ]
