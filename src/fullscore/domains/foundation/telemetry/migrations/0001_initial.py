import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import fullscore.domains.foundation.telemetry.models.targets


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("estate", "0001_initial"),
        ("kit", "0003_search_index_and_audit_guard"),
    ]

    operations = [
        migrations.CreateModel(
            name="Collector",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                ("seen_at", models.DateTimeField()),
                ("capacity", models.FloatField(default=1.0)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Metric",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, unique=True)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("unit", models.CharField(blank=True, max_length=12)),
                (
                    "kind",
                    models.CharField(
                        choices=[("gauge", "Gauge"), ("counter", "Counter")],
                        default="gauge",
                        max_length=8,
                    ),
                ),
                ("decimals", models.PositiveSmallIntegerField(default=2)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="PushKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("prefix", models.CharField(editable=False, max_length=12)),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("per_minute", models.PositiveIntegerField(default=30)),
                ("new_series_per_hour", models.PositiveIntegerField(default=100000)),
                ("created_at", models.DateTimeField(editable=False)),
                ("last_used_at", models.DateTimeField(editable=False, null=True)),
                ("revoked_at", models.DateTimeField(editable=False, null=True)),
                (
                    "item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="push_keys",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "verbose_name": "push key",
                "ordering": ["item", "name"],
            },
        ),
        migrations.CreateModel(
            name="Refusal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("future", "dated ahead"),
                            ("too_old", "older than what is kept"),
                            ("labels", "labels that cannot be kept"),
                            ("new_series", "too many new series"),
                            ("histogram", "native histograms, summaries and exemplars"),
                            ("malformed", "points that say too little"),
                            ("order", "increments out of order"),
                            ("no_room", "turned away by the store"),
                        ],
                        max_length=12,
                    ),
                ),
                ("count", models.PositiveBigIntegerField(default=0)),
                ("example", models.CharField(blank=True, max_length=300)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                (
                    "key",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refusals",
                        to="telemetry.pushkey",
                    ),
                ),
            ],
            options={
                "ordering": ["-last_at"],
            },
        ),
        migrations.CreateModel(
            name="ScrapeTarget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "url",
                    models.CharField(
                        help_text="Where the metrics are shown, such as http://web1.example.org:9100/metrics.",
                        max_length=500,
                        validators=[
                            fullscore.domains.foundation.telemetry.models.targets.check_url
                        ],
                        verbose_name="address (URL)",
                    ),
                ),
                (
                    "every_seconds",
                    models.PositiveIntegerField(
                        default=60,
                        help_text="Seconds from one scrape to the next, 15 to 3,600.",
                        validators=[
                            django.core.validators.MinValueValidator(15),
                            django.core.validators.MaxValueValidator(3600),
                        ],
                        verbose_name="scrape every",
                    ),
                ),
                (
                    "timeout_seconds",
                    models.PositiveIntegerField(
                        default=10,
                        help_text="Seconds, fewer than from one scrape to the next.",
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="give up after",
                    ),
                ),
                (
                    "sample_limit",
                    models.PositiveIntegerField(
                        default=50000,
                        help_text="A scrape that brings more is not kept.",
                        verbose_name="most samples",
                    ),
                ),
                ("username", models.CharField(blank=True, editable=False, max_length=80)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("ok", "Ok"),
                            ("failing", "Failing"),
                            ("paused", "Paused"),
                        ],
                        default="new",
                        editable=False,
                        max_length=8,
                    ),
                ),
                ("failures", models.PositiveIntegerField(default=0, editable=False)),
                ("last_error", models.CharField(blank=True, editable=False, max_length=300)),
                ("last_at", models.DateTimeField(editable=False, null=True)),
                ("last_took_ms", models.PositiveIntegerField(editable=False, null=True)),
                ("last_samples", models.PositiveIntegerField(editable=False, null=True)),
                ("first_metrics", models.TextField(blank=True, editable=False)),
                ("wanted_at", models.DateTimeField(editable=False, null=True)),
                ("holder", models.CharField(blank=True, editable=False, max_length=80)),
                ("held_until", models.DateTimeField(editable=False, null=True)),
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
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scrape_targets",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "verbose_name": "scrape target",
                "ordering": ["url"],
            },
        ),
        migrations.CreateModel(
            name="Series",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("labels", models.JSONField(default=dict)),
                ("fingerprint", models.BinaryField(max_length=16, unique=True)),
                (
                    "bound_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("hand", "by hand"),
                            ("sender", "its sender"),
                            ("target", "its target"),
                            ("item", "the label item"),
                            ("machine", "the machine's id"),
                            ("cloud", "the cloud's id"),
                            ("name", "the host's name"),
                            ("address", "the address in instance"),
                            ("ours", "this program"),
                            ("", "no rule"),
                        ],
                        default="",
                        editable=False,
                        max_length=8,
                    ),
                ),
                ("binding", models.CharField(blank=True, editable=False, max_length=200)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                (
                    "every_seconds",
                    models.PositiveIntegerField(editable=False, null=True, verbose_name="every"),
                ),
                ("is_muted", models.BooleanField(default=False, verbose_name="muted")),
                (
                    "item",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="series",
                        to="estate.item",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="series",
                        to="telemetry.pushkey",
                    ),
                ),
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="series",
                        to="telemetry.metric",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "series",
                "ordering": ["metric", "pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="pushkey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at__isnull", True)),
                fields=("item", "name"),
                name="push_key_name_once_per_item",
                violation_error_message="This item has a key of this name already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="pushkey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("item__isnull", True), ("revoked_at__isnull", True)),
                fields=("name",),
                name="push_key_name_once_for_the_whole",
                violation_error_message="There is a key of this name for the whole estate already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="refusal",
            constraint=models.UniqueConstraint(
                fields=("key", "reason"), name="refusal_once_per_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="refusal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key__isnull", True)),
                fields=("reason",),
                name="refusal_once_without_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="scrapetarget",
            constraint=models.UniqueConstraint(
                fields=("item", "url"),
                name="scrape_target_once_per_item",
                violation_error_message="This item is scraped there already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="scrapetarget",
            constraint=models.CheckConstraint(
                condition=models.Q(("timeout_seconds__lt", models.F("every_seconds"))),
                name="scrape_ends_before_the_next",
                violation_error_message="A scrape must time out before the next one begins.",
            ),
        ),
        migrations.AddIndex(
            model_name="series",
            index=models.Index(fields=["item", "metric"], name="telemetry_s_item_id_0291d9_idx"),
        ),
        migrations.AddIndex(
            model_name="series",
            index=models.Index(fields=["last_at", "id"], name="telemetry_s_last_at_feda02_idx"),
        ),
        migrations.AddIndex(
            model_name="series",
            index=models.Index(
                condition=models.Q(("item__isnull", True)),
                fields=["key"],
                name="series_without_owner",
            ),
        ),
        migrations.CreateModel(
            name="StorageRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "selector",
                    models.CharField(
                        blank=True,
                        error_messages={
                            "unique": "There is a rule for these already: change that one."
                        },
                        help_text="Which items, such as kind=host&environment=production. Empty: everything.",
                        max_length=300,
                        unique=True,
                    ),
                ),
                (
                    "raw_days",
                    models.PositiveIntegerField(
                        default=30,
                        help_text="Days for which samples are kept as they came.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="raw",
                    ),
                ),
                (
                    "five_minute_days",
                    models.PositiveIntegerField(
                        default=180,
                        help_text="Days for which there are figures for each five minutes.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="five minutes",
                    ),
                ),
                (
                    "hourly_days",
                    models.PositiveIntegerField(
                        default=1825,
                        help_text="Days for which there are hourly figures; then nothing is left.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="hourly",
                    ),
                ),
            ],
            options={
                "verbose_name": "storage rule",
                "ordering": ["selector"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("raw_days__gte", 1),
                            ("five_minute_days__gte", models.F("raw_days")),
                            ("hourly_days__gte", models.F("five_minute_days")),
                            ("hourly_days__lte", 3650),
                        ),
                        name="storage_days_in_order",
                        violation_error_message="Coarser figures are kept at least as long as finer ones, for 1 to 3,650 days.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Threshold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "selector",
                    models.CharField(
                        blank=True,
                        help_text="Which items, such as kind=host&environment=production. Empty: every item.",
                        max_length=300,
                    ),
                ),
                (
                    "labels",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='Which series, such as {"mountpoint": "/"}.',
                    ),
                ),
                (
                    "function",
                    models.CharField(
                        choices=[
                            ("avg", "mean"),
                            ("min", "least"),
                            ("max", "most"),
                            ("last", "newest"),
                            ("sum", "sum"),
                            ("count", "number of samples"),
                            ("increase", "increase"),
                            ("rate", "rate"),
                        ],
                        default="avg",
                        max_length=8,
                    ),
                ),
                (
                    "window_seconds",
                    models.PositiveIntegerField(
                        default=300,
                        help_text="Seconds over which the function is taken.",
                        validators=[
                            django.core.validators.MinValueValidator(15),
                            django.core.validators.MaxValueValidator(604800),
                        ],
                        verbose_name="window",
                    ),
                ),
                (
                    "operator",
                    models.CharField(
                        choices=[
                            (">", "above"),
                            (">=", "at least"),
                            ("<", "below"),
                            ("<=", "at most"),
                        ],
                        default=">",
                        max_length=2,
                        verbose_name="worse",
                    ),
                ),
                ("medium_at", models.FloatField(blank=True, null=True, verbose_name="medium")),
                ("high_at", models.FloatField(blank=True, null=True, verbose_name="high")),
                ("critical_at", models.FloatField(blank=True, null=True, verbose_name="critical")),
                (
                    "clear_at",
                    models.FloatField(
                        help_text="From here on all is well again: on the good side of every limit.",
                        verbose_name="clear",
                    ),
                ),
                (
                    "for_seconds",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Seconds for which it must last before it counts.",
                        verbose_name="for",
                    ),
                ),
                (
                    "hours",
                    models.CharField(
                        blank=True,
                        help_text="Such as Mon-Fri 08:00-18:00. Empty: always.",
                        max_length=60,
                    ),
                ),
                (
                    "no_data",
                    models.CharField(
                        choices=[("unknown", "unknown"), ("bad", "bad"), ("ignore", "ignore")],
                        default="unknown",
                        max_length=8,
                    ),
                ),
                (
                    "runbook",
                    models.CharField(
                        blank=True, help_text="What to do, or where it is written.", max_length=1000
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True, help_text="Where these limits come from.", max_length=300
                    ),
                ),
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="thresholds",
                        to="telemetry.metric",
                    ),
                ),
                (
                    "per",
                    models.ForeignKey(
                        blank=True,
                        help_text="A second metric to divide by, of the same item and labels.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="telemetry.metric",
                    ),
                ),
            ],
            options={
                "ordering": ["metric", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Expectation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("words", models.CharField(max_length=120)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "ordering": ["-since"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("item", "words"),
                        name="expectation_open_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Breach",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("value", models.FloatField(null=True)),
                (
                    "severity",
                    models.PositiveSmallIntegerField(
                        choices=[(3, "medium"), (4, "high"), (5, "critical")]
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "expected",
                    models.CharField(blank=True, max_length=120, verbose_name="expected by"),
                ),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="breaches",
                        to="telemetry.series",
                    ),
                ),
                (
                    "threshold",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="breaches",
                        to="telemetry.threshold",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "breaches",
                "ordering": ["-since"],
            },
        ),
        migrations.AddConstraint(
            model_name="threshold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("medium_at__isnull", False),
                    ("high_at__isnull", False),
                    ("critical_at__isnull", False),
                    _connector="OR",
                ),
                name="threshold_has_a_limit",
                violation_error_message="Give at least one of medium, high and critical.",
            ),
        ),
        migrations.AddConstraint(
            model_name="threshold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("operator__in", (">", ">=")),
                        ("medium_at__gt", models.F("clear_at")),
                        ("high_at__gt", models.F("clear_at")),
                        ("critical_at__gt", models.F("clear_at")),
                        ("high_at__gt", models.F("medium_at")),
                        ("critical_at__gt", models.F("medium_at")),
                        ("critical_at__gt", models.F("high_at")),
                    ),
                    models.Q(
                        ("operator__in", ("<", "<=")),
                        ("medium_at__lt", models.F("clear_at")),
                        ("high_at__lt", models.F("clear_at")),
                        ("critical_at__lt", models.F("clear_at")),
                        ("high_at__lt", models.F("medium_at")),
                        ("critical_at__lt", models.F("medium_at")),
                        ("critical_at__lt", models.F("high_at")),
                    ),
                    _connector="OR",
                ),
                name="threshold_limits_in_order",
                violation_error_message="The limits must get worse from medium to critical, and “clear” must lie on the good side of all of them.",
            ),
        ),
        migrations.AddConstraint(
            model_name="threshold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("window_seconds__gte", 15),
                    ("window_seconds__lte", 604800),
                    (
                        "for_seconds__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("window_seconds"), "*", models.Value(240)
                        ),
                    ),
                ),
                name="threshold_window_fits",
                violation_error_message="A window is 15 seconds to 7 days, and “for” at most 240 windows.",
            ),
        ),
        migrations.AddConstraint(
            model_name="threshold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "function__in",
                        ("count", "sum", "avg", "min", "max", "last", "increase", "rate"),
                    )
                ),
                name="threshold_function_known",
                violation_error_message="There is no such function.",
            ),
        ),
        migrations.AddConstraint(
            model_name="threshold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("per__isnull", True),
                    models.Q(("per", models.F("metric")), _negated=True),
                    _connector="OR",
                ),
                name="threshold_divides_by_another",
                violation_error_message="A metric divided by itself is always 1.",
            ),
        ),
        migrations.AddIndex(
            model_name="breach",
            index=models.Index(fields=["-since", "-id"], name="telemetry_b_since_17fa3d_idx"),
        ),
        migrations.AddConstraint(
            model_name="breach",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("threshold", "series"),
                name="breach_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="breach",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__gte", 3), ("severity__lte", 5)),
                name="breach_severity_known",
            ),
        ),
        migrations.AddField(
            model_name="collector",
            name="dropped",
            field=models.PositiveIntegerField(default=0, verbose_name="scrapes dropped"),
        ),
        migrations.AddField(
            model_name="collector",
            name="site",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="estate.item",
            ),
        ),
        migrations.AddField(
            model_name="collector",
            name="waiting",
            field=models.PositiveIntegerField(default=0, verbose_name="scrapes waiting"),
        ),
        migrations.AddField(
            model_name="pushkey",
            name="collects",
            field=models.BooleanField(
                default=False,
                help_text="Whoever has it learns the addresses and credentials of what its site reads.",
                verbose_name="for a collector",
            ),
        ),
        migrations.AddField(
            model_name="scrapetarget",
            name="read_from",
            field=models.ForeignKey(
                blank=True,
                help_text="A site with a collector of its own; empty: this installation's collectors.",
                limit_choices_to={"kind": "site"},
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="estate.item",
            ),
        ),
        migrations.AddConstraint(
            model_name="pushkey",
            constraint=models.CheckConstraint(
                condition=models.Q(("collects", False), ("item__isnull", False), _connector="OR"),
                name="push_key_of_a_collector_has_a_site",
                violation_error_message="A collector's key belongs to a site.",
            ),
        ),
        migrations.AddField(
            model_name="series",
            name="is_double",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="Another source says the same of the same host: charts and checks take that.",
                verbose_name="told twice",
            ),
        ),
        migrations.AddField(
            model_name="series",
            name="muted_until",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
