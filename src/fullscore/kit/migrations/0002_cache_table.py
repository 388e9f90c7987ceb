"""Make the table of Django's database cache, which no model describes."""

from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    """Create it where it is missing; the command leaves an existing one alone."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("kit", "0001_initial")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
