"""A mover is authorised by the old and by the new department for a while (M6)."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("access", "0003_invitation"), ("directory", "0002_services")]

    operations = [
        migrations.RemoveConstraint("authorization", "one_living_authorisation"),
        migrations.AddConstraint(
            "authorization",
            models.UniqueConstraint(
                fields=["mailbox", "person", "department"],
                condition=Q(state__in=["asked", "approved", "active", "suspended"]),
                name="one_living_authorisation",
            ),
        ),
    ]
