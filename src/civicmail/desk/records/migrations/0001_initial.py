"""Tables of requests for records: searches, reviews, productions, letters."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("directory", "0009_routed"),
    ]

    operations = [
        migrations.CreateModel(
            name="HeardForRecords",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("journal", models.CharField(max_length=40, unique=True)),
                ("number", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="RequestYear",
            fields=[
                ("year", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("last", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Production",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                ("state", models.CharField(db_index=True, default="waiting", max_length=10)),
                ("since", models.DateTimeField(help_text="in this state")),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("checked", models.PositiveIntegerField(default=0)),
                ("is_last", models.BooleanField(default=True)),
                ("plan", models.CharField(blank=True, max_length=64)),
                ("first", models.PositiveIntegerField(default=0)),
                ("last", models.PositiveIntegerField(default=0)),
                ("size", models.BigIntegerField(default=0)),
                ("formats", models.JSONField(default=list, help_text="asked for beside PDF: eml, dat, xml")),
                ("balance", models.JSONField(default=dict)),
                ("manifest", models.CharField(blank=True, max_length=64)),
                ("approved", models.DateTimeField(blank=True, null=True)),
                ("approval", models.CharField(blank=True, max_length=60)),
                ("approved_manifest", models.CharField(blank=True, max_length=64)),
                ("released", models.DateTimeField(blank=True, null=True)),
                ("problems", models.JSONField(default=list)),
                ("why", models.CharField(blank=True, max_length=400)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Publication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("title", models.CharField(max_length=200)),
                ("summary", models.TextField(blank=True)),
                ("request_text", models.TextField(blank=True)),
                ("state", models.CharField(db_index=True, default="planned", max_length=10)),
                ("since", models.DateTimeField(help_text="in this state")),
                ("after", models.DateTimeField()),
                ("published", models.DateTimeField(blank=True, null=True)),
                ("scanned", models.DateTimeField(blank=True, null=True)),
                ("checked", models.PositiveIntegerField(default=0)),
                ("problems", models.JSONField(default=list)),
                ("allowed", models.JSONField(default=list)),
                ("why", models.CharField(blank=True, max_length=400)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "production",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="publication", to="records.production"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Request",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20, unique=True)),
                ("receipt", models.CharField(max_length=64, unique=True)),
                ("link", models.CharField(max_length=64, unique=True)),
                ("intake", models.CharField(max_length=10)),
                ("capture", models.CharField(blank=True, db_index=True, max_length=36)),
                ("oral", models.BooleanField(default=False)),
                ("self_request", models.BooleanField(default=False)),
                ("incarcerated", models.BooleanField(default=False)),
                ("text", models.TextField()),
                ("title", models.CharField(blank=True, max_length=200)),
                ("language", models.CharField(default="en", max_length=5)),
                ("law", models.CharField(blank=True, max_length=40)),
                ("law_version", models.CharField(blank=True, max_length=40)),
                ("clock", models.CharField(default="respond", max_length=40)),
                ("received", models.DateTimeField(db_index=True)),
                ("acknowledged", models.DateTimeField(blank=True, null=True)),
                ("due", models.DateField(blank=True, null=True)),
                ("state", models.CharField(db_index=True, default="new", max_length=10)),
                ("since", models.DateTimeField(help_text="in this state")),
                ("outcome", models.CharField(blank=True, max_length=10)),
                ("closed", models.DateTimeField(blank=True, null=True)),
                ("reasons_demanded", models.DateField(blank=True, null=True)),
                ("suit", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(blank=True, help_text="of the last change of state", max_length=400)),
                (
                    "custodian",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "entered",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("way", models.CharField(max_length=10)),
                ("capture", models.CharField(blank=True, max_length=36)),
                ("text", models.TextField(blank=True)),
                ("received", models.DateTimeField()),
                ("state", models.CharField(db_index=True, default="open", max_length=10)),
                ("at", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(blank=True, max_length=400)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replies",
                        to="records.request",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Redaction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content", models.CharField(max_length=64)),
                ("number", models.PositiveIntegerField()),
                ("first", models.IntegerField(default=-1)),
                ("last", models.IntegerField(default=-1)),
                ("page", models.PositiveIntegerField(default=0)),
                ("x0", models.FloatField(blank=True, null=True)),
                ("y0", models.FloatField(blank=True, null=True)),
                ("x1", models.FloatField(blank=True, null=True)),
                ("y1", models.FloatField(blank=True, null=True)),
                ("code", models.CharField(blank=True, max_length=40)),
                ("reason", models.TextField(blank=True)),
                ("facts", models.JSONField(default=dict)),
                ("override", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                ("removed", models.DateTimeField(blank=True, null=True)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "removed_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="redactions", to="records.request"),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.AddField(
            model_name="production",
            name="request",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="productions", to="records.request"),
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(help_text="an id of the law pack", max_length=40)),
                ("note", models.CharField(blank=True, max_length=400)),
                ("began", models.DateTimeField()),
                ("ended", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="pauses", to="records.request"),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("language", models.CharField(default="en", max_length=5)),
                ("subject", models.CharField(blank=True, max_length=200)),
                ("text", models.TextField()),
                ("state", models.CharField(db_index=True, default="draft", max_length=10)),
                ("at", models.DateTimeField()),
                ("sent", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(blank=True, max_length=400)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="letters", to="records.request"),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="FormatRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file", models.CharField(blank=True, max_length=200)),
                ("format", models.CharField(max_length=10)),
                ("note", models.CharField(blank=True, max_length=1000)),
                ("contact", models.CharField(blank=True, max_length=400)),
                ("language", models.CharField(default="en", max_length=5)),
                ("received", models.DateTimeField()),
                ("state", models.CharField(db_index=True, default="open", max_length=10)),
                ("at", models.DateTimeField(blank=True, null=True)),
                ("answer", models.CharField(blank=True, max_length=1000)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="format_requests",
                        to="records.publication",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="format_requests", to="records.request"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="FeeLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("task", models.CharField(max_length=40)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10)),
                ("rate", models.DecimalField(decimal_places=4, max_digits=10)),
                ("is_estimate", models.BooleanField(default=True)),
                ("note", models.CharField(blank=True, max_length=400)),
                ("at", models.DateTimeField()),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "request",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="fees", to="records.request"),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="FeeEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=10)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10)),
                ("reason", models.CharField(max_length=400)),
                ("at", models.DateTimeField()),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "request",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="fee_events", to="records.request"),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content", models.CharField(max_length=64)),
                ("verdict", models.CharField(max_length=16)),
                ("code", models.CharField(blank=True, max_length=40)),
                ("reason", models.TextField(blank=True)),
                ("facts", models.JSONField(default=dict)),
                ("note", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                ("replaced", models.DateTimeField(blank=True, help_text="by a later decision, or undone", null=True)),
                ("second_asked", models.BooleanField(default=False)),
                ("confirmed", models.DateTimeField(blank=True, null=True)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "inherited",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.decision"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="records.request"),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Contest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("redaction", models.PositiveIntegerField(default=0)),
                ("item", models.PositiveIntegerField(default=0)),
                ("text", models.TextField(blank=True)),
                ("made", models.DateTimeField()),
                ("state", models.CharField(db_index=True, default="open", max_length=10)),
                ("answered", models.DateTimeField(blank=True, null=True)),
                ("answer", models.TextField(blank=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="contests", to="records.request"),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=200)),
                ("email", models.CharField(blank=True, max_length=254)),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("postal", models.CharField(blank=True, max_length=400)),
                ("delivery", models.CharField(default="link", max_length=10)),
                ("until", models.DateField(help_text="deleted then")),
                (
                    "request",
                    models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="contact", to="records.request"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attestation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(default="asked", max_length=10)),
                ("asked", models.DateTimeField()),
                ("signed", models.DateTimeField(blank=True, null=True)),
                ("has_records", models.BooleanField(blank=True, null=True)),
                ("answer", models.TextField(blank=True)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="attestations", to="records.request"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(default="reviewer", max_length=10)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="records.request"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Scope",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveSmallIntegerField()),
                ("understood", models.TextField()),
                ("query", models.CharField(max_length=4000)),
                ("state", models.CharField(default="proposed", max_length=10)),
                ("at", models.DateTimeField()),
                ("confirmed", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(blank=True, max_length=400)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="scopes", to="records.request"),
                ),
            ],
            options={
                "ordering": ["-version"],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("archive", models.CharField(max_length=40, unique=True)),
                ("placed", models.DateTimeField()),
                ("ended", models.DateTimeField(blank=True, null=True)),
                (
                    "request",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="records.request"),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="records.scope"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Search",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("state", models.CharField(db_index=True, default="waiting", max_length=10)),
                ("done", models.BigIntegerField(default=0, help_text="messages listed")),
                ("population", models.BigIntegerField(default=0)),
                ("found", models.BigIntegerField(default=0)),
                ("unsearchable", models.BigIntegerField(default=0)),
                ("excluded", models.BigIntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("coverage", models.JSONField(default=dict)),
                ("checkpoint", models.CharField(blank=True, max_length=200)),
                ("finished", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(blank=True, max_length=400)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "scope",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="searches", to="records.scope"),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("capture", models.CharField(db_index=True, max_length=36)),
                ("part", models.CharField(blank=True, max_length=60)),
                ("content", models.CharField(db_index=True, max_length=64)),
                ("media_type", models.CharField(blank=True, max_length=100)),
                ("mih", models.CharField(blank=True, max_length=32)),
                ("thread", models.CharField(blank=True, max_length=64)),
                ("place", models.PositiveIntegerField(default=0)),
                ("inclusive", models.BooleanField(default=False)),
                ("cluster", models.PositiveIntegerField(blank=True, null=True)),
                ("holders", models.JSONField(default=list)),
                ("received", models.BigIntegerField(help_text="epoch ms")),
                ("size", models.BigIntegerField(default=0)),
                ("hit", models.BooleanField(default=True)),
                ("trouble", models.CharField(blank=True, max_length=20)),
                ("settled", models.CharField(blank=True, max_length=20)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="records.item"
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="items", to="records.request"),
                ),
                (
                    "search",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="items", to="records.search"),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="SelfRequestStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("step", models.CharField(max_length=40)),
                ("answer", models.BooleanField()),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "request",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="records.request"),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="SubjectNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("notice", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=200)),
                ("record", models.TextField()),
                ("contents", models.JSONField(default=list)),
                ("state", models.CharField(db_index=True, default="due", max_length=10)),
                ("decided", models.DateField()),
                ("serve_by", models.DateField()),
                ("sent", models.DateField(blank=True, null=True)),
                ("service", models.CharField(blank=True, max_length=40)),
                ("proof", models.CharField(blank=True, max_length=200)),
                ("letter", models.TextField(blank=True)),
                ("locked_until", models.DateField(blank=True, null=True)),
                ("why", models.CharField(blank=True, max_length=400)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "person",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="records.request"),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Suggestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content", models.CharField(max_length=64)),
                ("detector", models.CharField(max_length=40)),
                ("first", models.IntegerField()),
                ("last", models.IntegerField()),
                ("code", models.CharField(blank=True, max_length=40)),
                ("answer", models.CharField(db_index=True, default="open", max_length=10)),
                ("at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="suggestions", to="records.request"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="PersonalFlag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capture", models.CharField(db_index=True, max_length=36)),
                ("at", models.DateTimeField()),
                ("why", models.CharField(max_length=400)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [models.UniqueConstraint(fields=("capture", "by"), name="personal_flag_once")],
            },
        ),
        migrations.CreateModel(
            name="ProducedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("item", models.PositiveIntegerField(default=0)),
                ("name", models.CharField(max_length=200)),
                ("media_type", models.CharField(max_length=100)),
                ("size", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("first", models.PositiveIntegerField(default=0)),
                ("last", models.PositiveIntegerField(default=0)),
                ("checks", models.JSONField(default=list)),
                (
                    "production",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="files", to="records.production"),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(fields=("production", "name"), name="produced_name_once")],
            },
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "done"), ("outcome", ""), _connector="OR"), name="request_outcome_when_done"
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.UniqueConstraint(
                condition=models.Q(("capture", ""), _negated=True), fields=("capture",), name="reply_once_a_message"
            ),
        ),
        migrations.AddIndex(
            model_name="redaction",
            index=models.Index(fields=["request", "content"], name="redaction_by_content"),
        ),
        migrations.AddConstraint(
            model_name="redaction",
            constraint=models.UniqueConstraint(fields=("request", "number"), name="redaction_number_once"),
        ),
        migrations.AddConstraint(
            model_name="redaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("first__gte", 0), ("last__gte", models.F("first"))),
                    models.Q(("first", -1), ("x0__isnull", False), ("y0__isnull", False)),
                    _connector="OR",
                ),
                name="redaction_has_words_or_box",
            ),
        ),
        migrations.AddConstraint(
            model_name="production",
            constraint=models.UniqueConstraint(fields=("request", "number"), name="production_number_once"),
        ),
        migrations.AddConstraint(
            model_name="production",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True), models.Q(("approved_by", models.F("by")), _negated=True), _connector="OR"
                ),
                name="production_has_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="production",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "released"), _negated=True),
                    models.Q(("approved_by__isnull", False), ("approved_manifest", models.F("manifest"))),
                    _connector="OR",
                ),
                name="production_released_as_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended__isnull", True)), fields=("request",), name="pause_one_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended__isnull", True), ("ended__gte", models.F("began")), _connector="OR"),
                name="pause_ends_after_it_began",
            ),
        ),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True), models.Q(("approved_by", models.F("by")), _negated=True), _connector="OR"
                ),
                name="letter_has_two_people",
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["content"], name="decision_by_content"),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaced__isnull", True)), fields=("request", "content"), name="decision_one_counts"
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_by__isnull", True), models.Q(("confirmed_by", models.F("by")), _negated=True), _connector="OR"
                ),
                name="decision_has_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="attestation",
            constraint=models.UniqueConstraint(fields=("request", "person"), name="attestation_once"),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until__isnull", True)), fields=("request", "person"), name="assignment_once_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="scope",
            constraint=models.UniqueConstraint(fields=("request", "version"), name="scope_version_once"),
        ),
        migrations.AddConstraint(
            model_name="scope",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "agreed")), fields=("request",), name="scope_one_agreed"
            ),
        ),
        migrations.AddConstraint(
            model_name="scope",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_by__isnull", True), models.Q(("confirmed_by", models.F("by")), _negated=True), _connector="OR"
                ),
                name="scope_has_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended__isnull", True)), fields=("request", "scope"), name="hold_once_for_a_scope"
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended__isnull", True), ("scope__isnull", True)),
                fields=("request",),
                name="hold_once_for_everything",
            ),
        ),
        migrations.AddConstraint(
            model_name="search",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ready"), _negated=True),
                    (
                        "population",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(models.F("found"), "+", models.F("unsearchable")),
                            "+",
                            models.F("excluded"),
                        ),
                    ),
                    _connector="OR",
                ),
                name="search_balances",
            ),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(fields=["request", "content"], name="item_by_content"),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.UniqueConstraint(fields=("request", "number"), name="item_number_once"),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.UniqueConstraint(fields=("request", "capture", "part"), name="item_once"),
        ),
        migrations.AddConstraint(
            model_name="selfrequeststep",
            constraint=models.UniqueConstraint(fields=("request", "step"), name="self_request_step_once"),
        ),
        migrations.AddConstraint(
            model_name="suggestion",
            constraint=models.UniqueConstraint(fields=("request", "content", "detector", "first", "last"), name="suggestion_once"),
        ),
    ]
