"""Rows of reviews, violations, statements and people who left."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("access", "0014_answered"),
        ("directory", "0004_feeds"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutsideDoor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("hook", models.CharField(blank=True, max_length=40)),
                ("days", models.PositiveSmallIntegerField(default=1)),
                ("made", models.DateTimeField()),
                ("closed", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        help_text="ends it by hand, and answers for it",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="OutsideAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("login", models.CharField(max_length=160)),
                ("since", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
                ("ended", models.DateTimeField(blank=True, null=True)),
                (
                    "episode",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.episode"),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="outside_accounts", to="directory.person"
                    ),
                ),
                (
                    "door",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="accounts", to="conduct.outsidedoor"
                    ),
                ),
            ],
            options={
                "ordering": ["door__name", "id"],
            },
        ),
        migrations.CreateModel(
            name="OutsideEnding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(unique=True)),
                ("state", models.CharField(db_index=True, default="open", max_length=8)),
                ("made", models.DateTimeField()),
                ("due", models.DateTimeField()),
                ("tries", models.PositiveIntegerField(default=0)),
                ("next", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=200)),
                ("done", models.DateTimeField(blank=True, null=True)),
                ("how", models.CharField(blank=True, max_length=8)),
                ("by", models.CharField(blank=True, max_length=120)),
                ("reason", models.CharField(blank=True, max_length=400)),
                ("overdue", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="endings", to="conduct.outsideaccount"
                    ),
                ),
                (
                    "ending",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="outside", to="access.ending"),
                ),
            ],
            options={
                "ordering": ["due", "id"],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=120, unique=True)),
                ("tier", models.CharField(max_length=10)),
                ("cause", models.CharField(blank=True, max_length=10)),
                ("round", models.PositiveSmallIntegerField(default=1)),
                ("state", models.CharField(db_index=True, default="planned", max_length=10)),
                ("planned", models.DateField(help_text="the day on which it starts")),
                ("started", models.DateTimeField(blank=True, null=True)),
                ("deadline", models.DateTimeField(blank=True, null=True)),
                ("closed", models.DateTimeField(blank=True, null=True)),
                ("by", models.CharField(max_length=120)),
                ("reason", models.CharField(blank=True, max_length=400)),
                ("definition", models.JSONField(default=dict)),
                ("snapshot", models.CharField(blank=True, max_length=64)),
                ("digest", models.CharField(blank=True, max_length=64)),
                (
                    "former",
                    models.OneToOneField(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="next", to="conduct.review"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        help_text="of a micro-review",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
            ],
            options={
                "ordering": ["-planned", "-id"],
            },
        ),
        migrations.CreateModel(
            name="ReviewPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("named", models.CharField(blank=True, help_text="the reviewer's name as it was", max_length=160)),
                ("role", models.CharField(blank=True, max_length=16)),
                ("turn", models.PositiveSmallIntegerField(default=0)),
                ("joined_at", models.DateTimeField(blank=True, null=True)),
                ("replaced", models.DateTimeField(blank=True, null=True)),
                ("delegate_until", models.DateTimeField(blank=True, null=True)),
                ("delegate_why", models.CharField(blank=True, max_length=400)),
                (
                    "delegate",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.department"),
                ),
                (
                    "joined",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="conduct.review"),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="review_parts",
                        to="directory.person",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ReviewRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked", models.JSONField(default=dict)),
                ("exceptions", models.JSONField(default=list)),
                ("changed", models.BooleanField(default=False)),
                ("essential", models.BooleanField(default=False)),
                ("state", models.CharField(default="open", max_length=10)),
                ("answer", models.CharField(blank=True, max_length=8)),
                ("reason", models.CharField(blank=True, max_length=400)),
                ("at", models.DateTimeField(blank=True, null=True)),
                ("late", models.BooleanField(default=False)),
                ("bulk", models.BooleanField(default=False)),
                ("promised", models.DateTimeField(blank=True, null=True)),
                ("hops", models.PositiveSmallIntegerField(default=0)),
                ("carried", models.DateTimeField(blank=True, null=True)),
                ("checked", models.DateTimeField(blank=True, null=True)),
                ("failure", models.CharField(blank=True, max_length=300)),
                (
                    "approver",
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
                    "department",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.department"),
                ),
                (
                    "role",
                    models.ForeignKey(
                        db_column="duty_id",
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="review_rows",
                        to="access.roleassignment",
                    ),
                ),
                (
                    "part",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="rows", to="conduct.reviewpart"),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="review_rows", to="directory.person"
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="rows", to="conduct.review"),
                ),
                (
                    "right",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="review_rows",
                        to="access.authorization",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ReviewStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("step", models.CharField(max_length=12)),
                ("by", models.CharField(max_length=120)),
                ("to", models.CharField(blank=True, max_length=120)),
                ("words", models.CharField(blank=True, max_length=400)),
                (
                    "part",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="conduct.reviewpart",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="conduct.review"),
                ),
                (
                    "row",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="conduct.reviewrow",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("half", models.CharField(max_length=6)),
                ("made", models.DateTimeField()),
                ("due", models.DateField()),
                ("state", models.CharField(db_index=True, default="open", max_length=12)),
                ("numbers", models.JSONField(default=list)),
                ("remarks", models.TextField(blank=True)),
                ("signed", models.DateTimeField(blank=True, null=True)),
                ("overdue", models.DateTimeField(blank=True, null=True)),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="statements", to="directory.department"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-half", "department__name"],
            },
        ),
        migrations.CreateModel(
            name="Violation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("employee", "Employee"),
                            ("contractor", "Contractor"),
                            ("vendor", "Vendor"),
                            ("agent", "Agent"),
                            ("volunteer", "Volunteer"),
                            ("board", "Board member"),
                            ("elected", "Elected official"),
                        ],
                        max_length=12,
                    ),
                ),
                ("clause", models.CharField(blank=True, max_length=8)),
                ("what", models.CharField(max_length=2000)),
                ("source", models.CharField(max_length=10)),
                ("own", models.BooleanField(default=False)),
                ("good_faith", models.BooleanField(default=True)),
                ("contact", models.CharField(blank=True, max_length=254)),
                ("origin", models.CharField(blank=True, max_length=60)),
                ("made", models.DateTimeField(db_index=True)),
                ("state", models.CharField(db_index=True, default="reported", max_length=12)),
                ("since", models.DateTimeField(help_text="in this state")),
                ("respond_by", models.DateTimeField(blank=True, null=True)),
                ("response", models.CharField(blank=True, max_length=4000)),
                ("responded", models.DateTimeField(blank=True, null=True)),
                ("found", models.DateTimeField(blank=True, null=True)),
                ("finding", models.CharField(blank=True, max_length=1000)),
                ("severe", models.BooleanField(default=False)),
                ("decided", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("outcome", models.CharField(blank=True, max_length=12)),
                ("proposed", models.CharField(blank=True, help_text="by the table, when it was decided", max_length=12)),
                ("departs", models.BooleanField(default=False)),
                ("ground", models.CharField(blank=True, max_length=24)),
                ("cites", models.CharField(blank=True, max_length=300)),
                ("why", models.CharField(blank=True, max_length=1000)),
                ("procedure", models.JSONField(blank=True, default=dict)),
                ("seconded", models.DateTimeField(blank=True, null=True)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("lapses", models.DateTimeField(blank=True, null=True)),
                ("trained", models.DateTimeField(blank=True, null=True)),
                ("appeal", models.CharField(blank=True, max_length=4000)),
                ("appealed", models.DateTimeField(blank=True, null=True)),
                ("heard", models.DateTimeField(blank=True, null=True)),
                ("hearing", models.CharField(blank=True, max_length=1000)),
                (
                    "agency",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="violations",
                        to="directory.agency",
                    ),
                ),
                (
                    "bar",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="access.bar"
                    ),
                ),
                (
                    "decider",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="violations",
                        to="directory.department",
                    ),
                ),
                (
                    "ending",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="access.ending"
                    ),
                ),
                (
                    "episode",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.episode"
                    ),
                ),
                (
                    "finder",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "hearer",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="violations",
                        to="directory.person",
                    ),
                ),
                (
                    "reporter",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "second",
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
            name="Evidence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capture", models.CharField(max_length=36)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "violation",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="evidence", to="conduct.violation"),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Closure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(db_index=True, default="counting", max_length=8)),
                ("since", models.DateTimeField(help_text="in this state")),
                ("asked", models.DateTimeField()),
                ("reason", models.CharField(max_length=400)),
                ("ordered", models.DateTimeField(blank=True, null=True)),
                ("live", models.PositiveIntegerField(default=0)),
                ("size", models.PositiveBigIntegerField(default=0, help_text="bytes")),
                ("brought", models.PositiveIntegerField(default=0)),
                ("listed", models.CharField(blank=True, max_length=64)),
                ("holds", models.PositiveIntegerField(default=0)),
                ("cost", models.PositiveIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("closed", models.DateTimeField(blank=True, null=True)),
                ("sha256", models.CharField(blank=True, help_text="of the certificate", max_length=64)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="closures", to="directory.department"
                    ),
                ),
                (
                    "mailbox",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="closures", to="directory.mailbox"),
                ),
                (
                    "orderer",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-asked"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["closed", "dropped"]), _negated=True),
                        fields=("mailbox",),
                        name="one_closure_under_way",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "closed"), _negated=True),
                            models.Q(("closed__isnull", False), ("sha256__gt", "")),
                            _connector="OR",
                        ),
                        name="closed_with_proof",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(db_index=True)),
                ("tasks", models.PositiveIntegerField(default=0)),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="directory.person")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("person", "day"), name="one_mail_a_day")],
            },
        ),
        migrations.CreateModel(
            name="Essential",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=400)),
                ("by", models.CharField(max_length=120)),
                ("at", models.DateTimeField()),
                ("ended", models.DateTimeField(blank=True, null=True)),
                (
                    "mailbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="essential", to="directory.mailbox"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("ended__isnull", True)), fields=("mailbox",), name="essential_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Leaver",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("told", models.DateTimeField(db_index=True)),
                ("choice", models.CharField(blank=True, db_index=True, max_length=10)),
                ("answered", models.DateTimeField(blank=True, null=True)),
                ("overdue", models.DateTimeField(blank=True, null=True)),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="leavers", to="directory.department"
                    ),
                ),
                (
                    "ending",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="leaver", to="access.ending"),
                ),
                (
                    "mailbox",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="leavers", to="directory.mailbox"),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        help_text="who answered",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
            ],
            options={
                "ordering": ["-told", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered__isnull", True), ("choice", "")),
                            models.Q(models.Q(("choice", ""), _negated=True), ("answered__isnull", False)),
                            _connector="OR",
                        ),
                        name="leaver_answered",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="outsideaccount",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended__isnull", True)), fields=("door", "episode"), name="outside_account_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="outsideending",
            constraint=models.UniqueConstraint(fields=("account", "ending"), name="outside_ending_once"),
        ),
        migrations.AddIndex(
            model_name="reviewrow",
            index=models.Index(fields=["review", "state"], name="rows_of_a_state"),
        ),
        migrations.AddIndex(
            model_name="reviewrow",
            index=models.Index(
                condition=models.Q(("state__in", ["open", "pending", "done", "suspending", "suspended"])),
                fields=["state"],
                name="rows_to_see_to",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("right__isnull", False), ("role__isnull", True)),
                    models.Q(("right__isnull", True), ("role__isnull", False)),
                    _connector="OR",
                ),
                name="row_of_right_or_duty",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewrow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("right__isnull", False)), fields=("review", "right"), name="right_once_a_review"
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewrow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("role__isnull", False)), fields=("review", "role"), name="duty_once_a_review"
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(fields=("department", "half"), name="statement_once"),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("person__isnull", True), ("signed__isnull", True), ("state", "open")),
                    models.Q(models.Q(("state", "open"), _negated=True), ("person__isnull", False), ("signed__isnull", False)),
                    _connector="OR",
                ),
                name="statement_has_signer",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(("remarks", ""), ("state", "exceptions"), _negated=True), name="exceptions_in_words"
            ),
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("origin", ""), _negated=True), fields=("origin",), name="one_violation_of_an_origin"
            ),
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decider__isnull", True),
                    ("finder__isnull", True),
                    models.Q(("decider", models.F("finder")), _negated=True),
                    _connector="OR",
                ),
                name="finder_is_not_decider",
            ),
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("hearer__isnull", True),
                    models.Q(
                        models.Q(
                            ("finder__isnull", True), models.Q(("hearer", models.F("finder")), _negated=True), _connector="OR"
                        ),
                        models.Q(
                            ("decider__isnull", True), models.Q(("hearer", models.F("decider")), _negated=True), _connector="OR"
                        ),
                    ),
                    _connector="OR",
                ),
                name="hearer_is_somebody_else",
            ),
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("second__isnull", True), models.Q(("second", models.F("decider")), _negated=True), _connector="OR"
                ),
                name="second_is_not_decider",
            ),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.UniqueConstraint(fields=("violation", "capture"), name="evidence_once"),
        ),
    ]
