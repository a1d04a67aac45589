"""What personnel systems say: files whose columns have other names, LDAP, SCIM a person at a time (L1, L7)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0003_outside"),
    ]

    operations = [
        migrations.CreateModel(
            name="FeedKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("mac", models.CharField(max_length=64, unique=True)),
                ("made", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
                ("used", models.DateTimeField(blank=True, null=True)),
                ("used_from", models.CharField(blank=True, max_length=45)),
                ("ended", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-made"],
            },
        ),
        migrations.CreateModel(
            name="FeedMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=60, unique=True)),
                ("header", models.JSONField()),
                ("columns", models.JSONField()),
                ("kinds", models.JSONField(default=dict)),
                ("departments", models.JSONField(default=dict)),
                ("dates", models.CharField(default="iso", max_length=8)),
                ("kind", models.CharField(blank=True, max_length=12)),
                ("made", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="FeedUpload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("content", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
            ],
        ),
        migrations.CreateModel(
            name="ScimUser",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(unique=True)),
                ("uid", models.CharField(max_length=60)),
                ("user_name", models.CharField(help_text="lower case", max_length=254)),
                ("external", models.CharField(blank=True, max_length=254)),
                ("said", models.JSONField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("made", models.DateTimeField()),
                ("changed", models.DateTimeField()),
                ("gone", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="feedline",
            name="at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="feedrun",
            name="brake",
            field=models.CharField(blank=True, max_length=400),
        ),
        migrations.AddField(
            model_name="feedrun",
            name="day",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="feedrun",
            name="decided",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="feedrun",
            name="kind",
            field=models.CharField(default="file", max_length=8),
        ),
        migrations.AddIndex(
            model_name="feedline",
            index=models.Index(condition=models.Q(("at__isnull", False)), fields=["did", "at"], name="lines_as_they_came"),
        ),
        migrations.AddConstraint(
            model_name="feedrun",
            constraint=models.UniqueConstraint(condition=models.Q(("state", "live")), fields=("day",), name="one_live_run_a_day"),
        ),
        migrations.AddIndex(
            model_name="scimuser",
            index=models.Index(fields=["external"], name="scim_external"),
        ),
        migrations.AddConstraint(
            model_name="scimuser",
            constraint=models.UniqueConstraint(condition=models.Q(("gone__isnull", True)), fields=("uid",), name="scim_uid_once"),
        ),
        migrations.AddConstraint(
            model_name="scimuser",
            constraint=models.UniqueConstraint(
                condition=models.Q(("gone__isnull", True)), fields=("user_name",), name="scim_user_name_once"
            ),
        ),
    ]
