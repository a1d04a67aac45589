"""Entries of a person, of an act, since a time are found without reading all of them."""

from django.db import migrations, models

INDEXES = (
    (["person", "-id"], "entries_by_a_person"),
    (["behalf", "-id"], "entries_for_a_person"),
    (["act", "at"], "entries_of_an_act"),
    (["at"], "entries_since"),
)


class Migration(migrations.Migration):
    dependencies = [("access", "0008_untold")]

    operations = [migrations.AddIndex(model_name="entry", index=models.Index(fields=fields, name=name)) for fields, name in INDEXES]
