import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import fullscore.domains.infrastructure.patching.models.baselines
import fullscore.domains.infrastructure.patching.models.windows


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("changes", "0001_initial"),
        ("estate", "0001_initial"),
        ("kit", "0003_search_index_and_audit_guard"),
        ("kit", "__first__"),
        ("servers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PatchWindow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "selector",
                    models.CharField(
                        blank=True,
                        help_text="Which servers, such as tag=shop or site=Amsterdam. Empty: every server.",
                        max_length=300,
                        validators=[
                            fullscore.domains.infrastructure.patching.models.baselines.check_selector
                        ],
                        verbose_name="servers",
                    ),
                ),
                (
                    "recurrence",
                    models.CharField(
                        default="FREQ=WEEKLY;BYDAY=TU,TH",
                        help_text="As calendars write it (RFC 5545), such as FREQ=MONTHLY;BYDAY=2TU.",
                        max_length=300,
                        validators=[
                            fullscore.domains.infrastructure.patching.models.windows.check_recurrence
                        ],
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="first day")),
                (
                    "starts_time",
                    models.TimeField(
                        help_text="By the wall clock of its time zone.", verbose_name="opens at"
                    ),
                ),
                (
                    "zone",
                    models.CharField(
                        default="UTC",
                        help_text="Such as Europe/Berlin.",
                        max_length=64,
                        validators=[
                            fullscore.domains.infrastructure.patching.models.windows.check_zone
                        ],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(
                        default=240,
                        validators=[
                            django.core.validators.MinValueValidator(15),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                        verbose_name="open for (minutes)",
                    ),
                ),
                (
                    "capacity",
                    models.PositiveSmallIntegerField(
                        default=20,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                        verbose_name="servers at once",
                    ),
                ),
                (
                    "site_capacity",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Empty: no limit of its own. The narrowest of the windows a site's servers are in holds for that site.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="servers of a site at once",
                    ),
                ),
            ],
            options={
                "verbose_name": "patch window",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Baseline",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "selector",
                    models.CharField(
                        blank=True,
                        help_text="Which servers, such as tag=shop or environment=production. Empty: every server.",
                        max_length=300,
                        validators=[
                            fullscore.domains.infrastructure.patching.models.baselines.check_selector
                        ],
                        verbose_name="servers",
                    ),
                ),
                (
                    "take",
                    models.CharField(
                        choices=[
                            ("security", "security updates"),
                            ("all", "every update"),
                            ("listed", "listed packages"),
                        ],
                        default="security",
                        max_length=8,
                        verbose_name="takes",
                    ),
                ),
                (
                    "listed",
                    models.TextField(
                        blank=True,
                        help_text="One name a line, such as openssl or postgresql-*.",
                        validators=[
                            fullscore.domains.infrastructure.patching.models.baselines.check_listed
                        ],
                        verbose_name="listed packages",
                    ),
                ),
                (
                    "age_days",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="A younger one waits, unless what it repairs is known to be exploited.",
                        validators=[django.core.validators.MaxValueValidator(365)],
                        verbose_name="only updates known for (days)",
                    ),
                ),
                (
                    "minimum",
                    models.TextField(
                        blank=True,
                        help_text="One package and its version a line, such as openssl 3.0.11. What is older is updated whatever else the baseline takes, and found where it cannot be.",
                        validators=[
                            fullscore.domains.infrastructure.patching.models.baselines.check_minimum
                        ],
                        verbose_name="least versions",
                    ),
                ),
                (
                    "release",
                    models.CharField(
                        blank=True,
                        help_text="The release its servers stay on, such as debian 13; it is shown, not enforced.",
                        max_length=40,
                        verbose_name="release",
                    ),
                ),
            ],
            options={
                "verbose_name": "patch baseline",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("listed__gt", ""), ("take", "listed")),
                            models.Q(models.Q(("take", "listed"), _negated=True), ("listed", "")),
                            _connector="OR",
                        ),
                        name="baseline_lists_what_it_takes",
                        violation_error_message="Name packages when it takes listed ones, else none.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                (
                    "release_from",
                    models.CharField(
                        blank=True,
                        help_text="A release, such as debian 12: then it brings servers to the next one instead of installing updates.",
                        max_length=40,
                        verbose_name="upgrades from",
                    ),
                ),
                (
                    "cut_off_at",
                    models.DateTimeField(
                        help_text="Updates that were not known by then wait for the next campaign.",
                        verbose_name="cut-off",
                    ),
                ),
                (
                    "begins_at",
                    models.DateTimeField(
                        help_text="The first ring begins with the first window after it.",
                        verbose_name="not before",
                    ),
                ),
                (
                    "run_minutes",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="The longest expected; windows are cut into slots of this length.",
                        validators=[
                            django.core.validators.MinValueValidator(10),
                            django.core.validators.MaxValueValidator(240),
                        ],
                        verbose_name="a server takes (minutes)",
                    ),
                ),
                (
                    "error_limit",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="With more it pauses. Empty: one, or a twentieth of the servers.",
                        null=True,
                        verbose_name="failures borne",
                    ),
                ),
                (
                    "settle_minutes",
                    models.PositiveSmallIntegerField(
                        default=10,
                        help_text="What is wrong with a server or its services at the end of this time fails it; at most half of what a server takes.",
                        validators=[django.core.validators.MaxValueValidator(10)],
                        verbose_name="watched afterwards (minutes)",
                    ),
                ),
                (
                    "way_back",
                    models.CharField(
                        choices=[("downgrade", "downgrade to what was kept"), ("none", "none")],
                        default="downgrade",
                        max_length=9,
                    ),
                ),
                (
                    "no_way_back",
                    models.CharField(
                        choices=[
                            ("refused", "the server is not altered"),
                            ("accepted", "it goes on without a way back"),
                        ],
                        default="refused",
                        help_text="The plan names those packages once the hosts were looked at.",
                        max_length=8,
                        verbose_name="where old versions cannot be kept",
                    ),
                ),
                (
                    "new_dependencies",
                    models.CharField(
                        choices=[("allowed", "Allowed"), ("refused", "Refused")],
                        default="allowed",
                        help_text="Of servers nobody could look at: may new packages that the updates need come along? Nothing is ever removed there.",
                        max_length=7,
                        verbose_name="new dependencies",
                    ),
                ),
                (
                    "reboots",
                    models.CharField(
                        choices=[("needed", "where it is needed"), ("never", "Never")],
                        default="needed",
                        max_length=6,
                    ),
                ),
                (
                    "drains",
                    models.BooleanField(
                        default=False,
                        help_text="Each host runs its own /etc/fullscore/drain before it is altered, and /etc/fullscore/undrain once it is verified. One without them is not altered.",
                        verbose_name="taken out of service first",
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("ssh", "over SSH, by steps of our own"),
                            ("ansible", "by Ansible's playbooks"),
                        ],
                        default="ssh",
                        help_text="The same steps either way. Ansible needs the extra:"
                        " pip install 'fullscore[ansible]'.",
                        max_length=7,
                        verbose_name="carried out",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("proposed", "Proposed"),
                            ("approved", "Approved"),
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("done", "Done"),
                            ("stopped", "Stopped"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=8,
                    ),
                ),
                ("is_planning", models.BooleanField(default=False, editable=False)),
                (
                    "planned_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="planned"),
                ),
                ("is_looking", models.BooleanField(default=False, editable=False)),
                (
                    "looked_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="looked at"),
                ),
                ("digest", models.CharField(blank=True, editable=False, max_length=64)),
                ("cost", models.FloatField(editable=False, null=True)),
                ("bound", models.FloatField(editable=False, null=True)),
                ("rounds", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("kept", models.JSONField(default=list, editable=False)),
                (
                    "simulated_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="simulated"),
                ),
                ("problems", models.JSONField(default=list, editable=False)),
                (
                    "approved_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="approved"),
                ),
                ("approved_digest", models.CharField(blank=True, editable=False, max_length=64)),
                (
                    "started_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="started"),
                ),
                ("ended_at", models.DateTimeField(editable=False, null=True, verbose_name="over")),
                (
                    "why",
                    models.CharField(
                        blank=True, editable=False, max_length=300, verbose_name="why it stands"
                    ),
                ),
                ("borne", models.PositiveSmallIntegerField(default=0, editable=False)),
                (
                    "approved_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "baseline",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="campaigns",
                        to="patching.baseline",
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="campaigns",
                        to="changes.change",
                    ),
                ),
                (
                    "drafted_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "patch campaign",
                "ordering": ["-begins_at"],
                "permissions": [
                    ("approve_campaign", "Can approve the plans of patch campaigns"),
                    ("execute_campaign", "Can start, pause, stop and roll back patch campaigns"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AcceptedOutage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("reason", models.CharField(max_length=300)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="accepted_outages",
                        to="estate.item",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="outages",
                        to="patching.campaign",
                    ),
                ),
            ],
            options={
                "verbose_name": "accepted outage",
                "ordering": ["starts_at"],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "package",
                    models.CharField(
                        max_length=120,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Za-z0-9*?][A-Za-z0-9.+:~*?_-]*\\Z",
                                "Give a package's name, such as openssl or linux-image-*.",
                            )
                        ],
                    ),
                ),
                (
                    "candidates",
                    models.CharField(
                        blank=True,
                        help_text="Which candidates: a pattern such as 17.*, or a range such as < 3.0.11 or >= 17, < 18; empty: any.",
                        max_length=120,
                        validators=[
                            fullscore.domains.infrastructure.patching.models.baselines.check_candidates
                        ],
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                (
                    "until",
                    models.DateField(
                        help_text="A hold ends: what is kept back for ever is forgotten."
                    ),
                ),
                (
                    "baseline",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="holds",
                        to="patching.baseline",
                    ),
                ),
            ],
            options={
                "verbose_name": "package hold",
                "ordering": ["until", "package"],
            },
        ),
        migrations.CreateModel(
            name="PatchAccess",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "user",
                    models.CharField(
                        default="fullscore-patch",
                        help_text="An account of its own, with the lines of sudoers that its page shows.",
                        max_length=80,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A(?:[A-Za-z_][A-Za-z0-9_.@\\\\-]*\\$?)\\Z",
                                "Give the name of an account.",
                            )
                        ],
                    ),
                ),
                ("public_key", models.CharField(blank=True, editable=False, max_length=800)),
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
                    "host",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="patch_access",
                        to="servers.sshhost",
                    ),
                ),
            ],
            options={
                "verbose_name": "patch access",
                "verbose_name_plural": "patch accesses",
                "ordering": ["host"],
            },
        ),
        migrations.CreateModel(
            name="Ring",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "place",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="1 comes first, such as canary; then early; then broad.",
                    ),
                ),
                (
                    "selector",
                    models.CharField(
                        blank=True,
                        help_text="Which servers of the baseline. Empty: all that no earlier ring holds.",
                        max_length=300,
                        validators=[
                            fullscore.domains.infrastructure.patching.models.baselines.check_selector
                        ],
                        verbose_name="servers",
                    ),
                ),
                (
                    "offset_days",
                    models.PositiveSmallIntegerField(
                        default=0,
                        validators=[django.core.validators.MaxValueValidator(60)],
                        verbose_name="begins after (days)",
                    ),
                ),
                (
                    "soak_hours",
                    models.PositiveSmallIntegerField(
                        default=24,
                        help_text="How long it must have stood without trouble before the next ring begins.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(720),
                        ],
                        verbose_name="soaks (hours)",
                    ),
                ),
                (
                    "baseline",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rings",
                        to="patching.baseline",
                    ),
                ),
            ],
            options={
                "verbose_name": "patch ring",
                "ordering": ["baseline", "place"],
            },
        ),
        migrations.CreateModel(
            name="ServerRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("packages", models.JSONField(default=list)),
                ("manager", models.CharField(default="deb", editable=False, max_length=8)),
                (
                    "looked_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="looked at"),
                ),
                ("transaction", models.JSONField(default=dict, editable=False)),
                (
                    "lacks",
                    models.JSONField(
                        default=list, editable=False, verbose_name="without a way back"
                    ),
                ),
                (
                    "unseen",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=300,
                        verbose_name="why it was not looked at",
                    ),
                ),
                ("risk", models.FloatField(default=1.0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unplaced", "Unplaced"),
                            ("planned", "Planned"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("unknown", "Unknown"),
                            ("skipped", "Skipped"),
                            ("back", "rolled back"),
                        ],
                        default="planned",
                        editable=False,
                        max_length=8,
                    ),
                ),
                ("is_live", models.BooleanField(default=False, editable=False)),
                (
                    "is_back",
                    models.BooleanField(default=False, editable=False, verbose_name="rolled back"),
                ),
                ("holder", models.CharField(blank=True, editable=False, max_length=40)),
                ("beat_at", models.DateTimeField(editable=False, null=True)),
                ("why", models.CharField(blank=True, editable=False, max_length=300)),
                (
                    "started_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="started"),
                ),
                ("ended_at", models.DateTimeField(editable=False, null=True, verbose_name="over")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="runs",
                        to="patching.campaign",
                    ),
                ),
                (
                    "ring",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="patching.ring",
                    ),
                ),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="patch_runs",
                        to="servers.server",
                    ),
                ),
            ],
            options={
                "verbose_name": "server run",
                "ordering": ["campaign", "wave__number", "pk"],
            },
        ),
        migrations.CreateModel(
            name="RunStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=20)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("failed", "Failed")],
                        default="running",
                        max_length=7,
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="started")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="over")),
                ("told", models.JSONField(default=dict)),
                ("evidence", models.TextField(blank=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="patching.serverrun",
                    ),
                ),
            ],
            options={
                "verbose_name": "patch step",
                "ordering": ["run", "place"],
            },
        ),
        migrations.CreateModel(
            name="SpareLease",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("units", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField(verbose_name="since")),
                ("released_at", models.DateTimeField(null=True, verbose_name="given back")),
                (
                    "requirement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="leases",
                        to="estate.requirement",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="leases",
                        to="patching.serverrun",
                    ),
                ),
            ],
            options={
                "verbose_name": "spare lease",
                "ordering": ["-at"],
            },
        ),
        migrations.CreateModel(
            name="Urgency",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("package", models.CharField(max_length=200)),
                ("version", models.CharField(max_length=120, verbose_name="repaired in")),
                (
                    "probability",
                    models.FloatField(
                        default=0.0,
                        help_text="That it is exploited within 30 days, from 0 to 1.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1),
                        ],
                        verbose_name="exploit probability",
                    ),
                ),
                (
                    "is_exploited",
                    models.BooleanField(default=False, verbose_name="known to be exploited"),
                ),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due")),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "verbose_name": "urgency",
                "verbose_name_plural": "urgencies",
                "ordering": ["-is_exploited", "-probability"],
                "indexes": [
                    models.Index(
                        fields=["-probability", "id"], name="patching_ur_probabi_5d1b2f_idx"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("package", "version"), name="urgency_once_per_version"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Wave",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("missed", "Missed"),
                        ],
                        default="planned",
                        editable=False,
                        max_length=8,
                    ),
                ),
                (
                    "started_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="started"),
                ),
                ("ended_at", models.DateTimeField(editable=False, null=True, verbose_name="over")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="waves",
                        to="patching.campaign",
                    ),
                ),
            ],
            options={
                "verbose_name": "patch wave",
                "ordering": ["campaign", "number"],
            },
        ),
        migrations.AddField(
            model_name="serverrun",
            name="wave",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="runs",
                to="patching.wave",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(("approved_by", models.F("drafted_by")), _negated=True),
                    _connector="OR",
                ),
                name="campaign_approved_by_another",
                violation_error_message="Someone else must approve your campaign.",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state__in", ["approved", "running", "paused", "done"]), _negated=True
                    ),
                    models.Q(
                        models.Q(("digest", ""), _negated=True),
                        ("approved_by__isnull", False),
                        ("approved_digest", models.F("digest")),
                    ),
                    _connector="OR",
                ),
                name="campaign_runs_the_approved_plan",
                violation_error_message="What runs is the plan that was approved: have it approved anew.",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "paused"), _negated=True),
                    models.Q(("why", ""), _negated=True),
                    _connector="OR",
                ),
                name="campaign_paused_says_why",
                violation_error_message="Say why it is paused.",
            ),
        ),
        migrations.AddConstraint(
            model_name="acceptedoutage",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="accepted_outage_ends_after_it_starts",
                violation_error_message="It must end after it starts.",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(
                fields=("baseline", "package", "candidates"),
                name="hold_once_per_package",
                violation_error_message="The baseline holds this already: change its last day.",
            ),
        ),
        migrations.AddConstraint(
            model_name="ring",
            constraint=models.UniqueConstraint(
                fields=("baseline", "place"),
                name="ring_once_per_place",
                violation_error_message="Another ring of the baseline has this place.",
            ),
        ),
        migrations.AddConstraint(
            model_name="runstep",
            constraint=models.UniqueConstraint(
                fields=("run", "place"), name="run_step_once_per_place"
            ),
        ),
        migrations.AddConstraint(
            model_name="runstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("state", "running")),
                    models.Q(
                        models.Q(("state", "running"), _negated=True), ("ended_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="run_step_over_says_when",
            ),
        ),
        migrations.AddIndex(
            model_name="sparelease",
            index=models.Index(
                fields=["requirement", "released_at"], name="patching_sp_require_dec626_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="sparelease",
            constraint=models.UniqueConstraint(
                condition=models.Q(("released_at__isnull", True)),
                fields=("run", "requirement"),
                name="spare_lease_once_per_run",
            ),
        ),
        migrations.AddIndex(
            model_name="wave",
            index=models.Index(fields=["starts_at", "id"], name="patching_wa_starts__74a476_idx"),
        ),
        migrations.AddConstraint(
            model_name="wave",
            constraint=models.UniqueConstraint(
                fields=("campaign", "number"), name="wave_once_per_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="wave",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="wave_ends_after_it_starts",
            ),
        ),
        migrations.AddIndex(
            model_name="serverrun",
            index=models.Index(fields=["state", "beat_at"], name="patching_se_state_e6d081_idx"),
        ),
        migrations.AddConstraint(
            model_name="serverrun",
            constraint=models.UniqueConstraint(
                fields=("campaign", "server"), name="server_run_once_per_campaign"
            ),
        ),
        migrations.AddConstraint(
            model_name="serverrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_live", True)),
                fields=("server",),
                name="server_run_one_live",
                violation_error_message="Another campaign is patching this server.",
            ),
        ),
        migrations.AddConstraint(
            model_name="serverrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state__in", ["unplaced", "failed", "unknown", "skipped"]), _negated=True
                    ),
                    models.Q(("why", ""), _negated=True),
                    _connector="OR",
                ),
                name="server_run_unplaced_says_why",
                violation_error_message="Say why.",
            ),
        ),
        migrations.AddConstraint(
            model_name="serverrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "unplaced"), ("wave__isnull", True)),
                    models.Q(("state", "unplaced"), _negated=True),
                    _connector="OR",
                ),
                name="server_run_has_its_wave",
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="authors",
            field=models.ManyToManyField(
                editable=False,
                help_text="Who drafted, altered or planned it: none of them approves it.",
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
