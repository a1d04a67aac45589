"""What the program itself wrote to a mailbox is counted by itself: no use of it, and on the trace page all the same (P-05)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0019_former_names")]
    operations = [migrations.AddField("usage", "notices", models.PositiveIntegerField(default=0))]
