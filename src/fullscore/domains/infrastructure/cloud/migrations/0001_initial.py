import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import fullscore.domains.infrastructure.cloud.models.accounts


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("estate", "0001_initial"),
        ("kit", "0003_search_index_and_audit_guard"),
    ]

    operations = [
        migrations.CreateModel(
            name="CostExport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                ("provider", models.CharField(blank=True, max_length=80)),
            ],
            options={
                "verbose_name": "cost export",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="CloudAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role_arn",
                    models.CharField(
                        help_text="The role that may read; its policy stands on the account's page.",
                        max_length=260,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\Aarn:aws(?:-[a-z]+)*:iam::\\d{12}:role/[\\w+=,.@/-]{1,200}\\Z",
                                "Give the ARN of a role.",
                            )
                        ],
                        verbose_name="role",
                    ),
                ),
                ("external_id", models.CharField(default="", editable=False, max_length=64)),
                (
                    "regions",
                    models.JSONField(
                        default=list,
                        help_text="Such as eu-central-1, eu-west-1.",
                        validators=[
                            fullscore.domains.infrastructure.cloud.models.accounts.check_regions
                        ],
                    ),
                ),
                (
                    "key_id",
                    models.CharField(
                        blank=True, editable=False, max_length=40, verbose_name="access key"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "not read yet"),
                            ("ok", "Ok"),
                            ("partial", "read in part"),
                            ("failing", "Failing"),
                            ("paused", "Paused"),
                        ],
                        default="new",
                        editable=False,
                        max_length=7,
                    ),
                ),
                (
                    "number",
                    models.CharField(
                        blank=True, editable=False, max_length=20, verbose_name="account number"
                    ),
                ),
                ("gaps", models.JSONField(default=list, editable=False)),
                ("last_error", models.CharField(blank=True, editable=False, max_length=300)),
                (
                    "read_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="last read"),
                ),
                (
                    "credential",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="kit.secret",
                    ),
                ),
                (
                    "item",
                    models.OneToOneField(
                        limit_choices_to={"kind": "cloud account"},
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cloud_account",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "verbose_name": "cloud account",
                "ordering": ["item__name"],
            },
        ),
        migrations.CreateModel(
            name="CloudResource",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("ident", models.CharField(max_length=200, verbose_name="id")),
                ("name", models.CharField(max_length=300)),
                ("region", models.CharField(blank=True, max_length=30)),
                ("zone", models.CharField(blank=True, max_length=30)),
                ("state", models.CharField(blank=True, max_length=40)),
                ("tags", models.JSONField(default=dict)),
                ("facts", models.JSONField(default=dict)),
                ("joins", models.JSONField(default=list, verbose_name="joined with")),
                ("since", models.DateTimeField(verbose_name="first seen")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="resources",
                        to="cloud.cloudaccount",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="cloud_resources",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "verbose_name": "cloud resource",
                "ordering": ["kind", "name"],
            },
        ),
        migrations.CreateModel(
            name="CostPeriod",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="from")),
                ("ends_on", models.DateField(verbose_name="to")),
                ("currency", models.CharField(max_length=3)),
                ("row_count", models.PositiveIntegerField(verbose_name="rows")),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("billed", models.DecimalField(decimal_places=10, max_digits=24)),
                ("effective", models.DecimalField(decimal_places=10, max_digits=24)),
                (
                    "explained",
                    models.DecimalField(
                        decimal_places=10, default=0, max_digits=24, verbose_name="of what we know"
                    ),
                ),
                ("bad_rows", models.JSONField(default=list, editable=False)),
                ("bad_count", models.PositiveIntegerField(default=0, verbose_name="rows not read")),
                ("imported_at", models.DateTimeField(verbose_name="delivered")),
                (
                    "invoice",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="What the invoice of this period says in all.",
                        max_digits=16,
                        null=True,
                        verbose_name="invoiced",
                    ),
                ),
                (
                    "export",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="periods",
                        to="cloud.costexport",
                    ),
                ),
            ],
            options={
                "verbose_name": "cost period",
                "ordering": ["-starts_on", "export"],
            },
        ),
        migrations.CreateModel(
            name="CostRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("provider", models.CharField(blank=True, max_length=120)),
                (
                    "account",
                    models.CharField(blank=True, max_length=300, verbose_name="sub-account"),
                ),
                ("category", models.CharField(blank=True, max_length=300)),
                ("service", models.CharField(max_length=300)),
                ("region", models.CharField(blank=True, max_length=300)),
                ("resource", models.CharField(blank=True, max_length=300)),
                ("sku", models.CharField(blank=True, max_length=300, verbose_name="SKU")),
                (
                    "charge_category",
                    models.CharField(blank=True, max_length=40, verbose_name="kind of charge"),
                ),
                ("charge_class", models.CharField(blank=True, max_length=40)),
                ("commitment", models.CharField(blank=True, max_length=300)),
                ("invoice", models.CharField(blank=True, max_length=300, verbose_name="invoice")),
                ("pricing_unit", models.CharField(blank=True, max_length=80, verbose_name="unit")),
                (
                    "pricing_quantity",
                    models.DecimalField(
                        decimal_places=10, default=0, max_digits=24, verbose_name="quantity"
                    ),
                ),
                (
                    "consumed_quantity",
                    models.DecimalField(decimal_places=10, default=0, max_digits=24),
                ),
                ("billed", models.DecimalField(decimal_places=10, max_digits=24)),
                ("effective", models.DecimalField(decimal_places=10, max_digits=24)),
                ("list_cost", models.DecimalField(decimal_places=10, max_digits=24)),
                ("contracted", models.DecimalField(decimal_places=10, max_digits=24)),
                ("tags", models.JSONField(default=dict)),
                (
                    "item",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="cost_rows",
                        to="estate.item",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="cloud.costperiod",
                    ),
                ),
            ],
            options={
                "verbose_name": "cost row",
                "ordering": ["-day", "pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="cloudaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                name="cloud_account_has_an_external_id",
                violation_error_message="An account is read by an external id of its own.",
            ),
        ),
        migrations.AddIndex(
            model_name="cloudresource",
            index=models.Index(fields=["name", "id"], name="cloud_cloud_name_6d2b13_idx"),
        ),
        migrations.AddConstraint(
            model_name="cloudresource",
            constraint=models.UniqueConstraint(
                fields=("account", "kind", "ident"), name="cloud_resource_once_per_account"
            ),
        ),
        migrations.AddConstraint(
            model_name="costperiod",
            constraint=models.UniqueConstraint(
                fields=("export", "starts_on", "ends_on", "currency"),
                name="cost_period_once_per_export",
                violation_error_message="This period of this export is there already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="costperiod",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gt", models.F("starts_on"))),
                name="cost_period_ends_after_it_starts",
                violation_error_message="A billing period must end after it starts.",
            ),
        ),
        migrations.AddIndex(
            model_name="costrow",
            index=models.Index(fields=["period", "service"], name="cloud_costr_period__04c35a_idx"),
        ),
        migrations.AddIndex(
            model_name="costrow",
            index=models.Index(fields=["item", "day"], name="cloud_costr_item_id_1a5ab6_idx"),
        ),
        migrations.AddIndex(
            model_name="costrow",
            index=models.Index(fields=["day", "id"], name="cloud_costr_day_b907a9_idx"),
        ),
    ]
