import re

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import fullscore.domains.foundation.estate.models.items
import fullscore.domains.response.incidents.models.sources


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("changes", "0001_initial"),
        ("directory", "0001_initial"),
        ("estate", "0001_initial"),
        ("kit", "0003_search_index_and_audit_guard"),
        ("kit", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertSource",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=60,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("^[-a-zA-Z0-9_]+\\Z"),
                                "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
                                "invalid",
                            )
                        ],
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("alertmanager", "Alertmanager webhook"),
                            ("prometheus", "Prometheus, in place of an Alertmanager"),
                            ("pagerduty", "PagerDuty events"),
                            ("grafana", "Grafana webhook"),
                            ("zabbix", "Zabbix media type"),
                            ("nagios", "Nagios or Icinga notifications"),
                            ("cloudevents", "CloudEvents"),
                            ("sns", "Amazon SNS and CloudWatch"),
                            ("datadog", "Datadog webhook"),
                            ("sentry", "Sentry integration"),
                            ("opsgenie", "Opsgenie alert API"),
                            ("syslog", "syslog"),
                            ("email", "e-mail"),
                            ("heartbeat", "heartbeat"),
                            ("own", "findings of our own checks"),
                        ],
                        max_length=12,
                    ),
                ),
                ("prefix", models.CharField(blank=True, editable=False, max_length=8)),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "zone",
                    models.CharField(
                        default="UTC",
                        help_text="Of times that are sent without one, as Zabbix does; such as Europe/Berlin.",
                        max_length=64,
                        validators=[fullscore.domains.response.incidents.models.sources.check_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "default_severity",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (5, "critical"),
                            (4, "high"),
                            (3, "medium"),
                            (2, "low"),
                            (1, "info"),
                        ],
                        default=3,
                    ),
                ),
                (
                    "item_labels",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Asked before the usual ones, such as instance.",
                        validators=[fullscore.domains.foundation.estate.models.items.check_words],
                        verbose_name="labels that name the item",
                    ),
                ),
                (
                    "resolve_after_seconds",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Resolve what was not said again for so long; empty: only the sender resolves.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(10)],
                    ),
                ),
                (
                    "expects_every_seconds",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Silence for longer than this is an alert of its own.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(10)],
                    ),
                ),
                (
                    "per_minute",
                    models.PositiveIntegerField(default=6000, verbose_name="requests a minute"),
                ),
                (
                    "senders",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Syslog: addresses, networks or host names it comes from; empty: whatever no other source names.",
                        validators=[fullscore.domains.foundation.estate.models.items.check_words],
                    ),
                ),
                (
                    "least_severity",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (5, "critical"),
                            (4, "high"),
                            (3, "medium"),
                            (2, "low"),
                            (1, "info"),
                        ],
                        default=4,
                        help_text="Syslog: what is less severe is counted, and no alert.",
                        verbose_name="alerts from severity",
                    ),
                ),
                (
                    "resolve_words",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Syslog and e-mail: such as RECOVERED, or down = up for a pair. Words in capitals mean capitals only.",
                        validators=[
                            fullscore.domains.response.incidents.models.sources.check_resolve_words
                        ],
                        verbose_name="words that say it is over",
                    ),
                ),
                (
                    "mailbox",
                    models.CharField(
                        blank=True,
                        help_text="E-mail: such as imaps://alerts@mail.example.org/INBOX; imap:// begins TLS itself. Its password is given on the source's page.",
                        max_length=300,
                        validators=[
                            fullscore.domains.response.incidents.models.sources.check_mailbox
                        ],
                    ),
                ),
                (
                    "passed_over",
                    models.PositiveBigIntegerField(
                        default=0, editable=False, verbose_name="messages below its severity"
                    ),
                ),
                (
                    "lost",
                    models.PositiveBigIntegerField(
                        default=0, editable=False, verbose_name="messages above its rate"
                    ),
                ),
                (
                    "problem",
                    models.CharField(
                        blank=True, editable=False, max_length=300, verbose_name="cannot be read"
                    ),
                ),
                ("created_at", models.DateTimeField(editable=False)),
                ("last_seen_at", models.DateTimeField(editable=False, null=True)),
                (
                    "left_out_at",
                    models.DateTimeField(
                        editable=False, null=True, verbose_name="last left something out"
                    ),
                ),
                ("revoked_at", models.DateTimeField(editable=False, null=True)),
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
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="alert_sources",
                        to="directory.team",
                    ),
                ),
            ],
            options={
                "verbose_name": "alert source",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="ChecklistStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                (
                    "least_priority",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "P1"), (2, "P2"), (3, "P3"), (4, "P4")],
                        default=4,
                        help_text="P2: for incidents of P1 and P2.",
                        verbose_name="down to priority",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("any", "every incident"),
                            ("ordinary", "all but security incidents"),
                            ("security", "security incidents"),
                        ],
                        default="any",
                        max_length=8,
                        verbose_name="for",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("commander", "incident commander"),
                            ("communications", "Communications"),
                            ("operations", "Operations"),
                            ("scribe", "Scribe"),
                        ],
                        help_text="Who has this role is to do it.",
                        max_length=14,
                    ),
                ),
                (
                    "due_minutes",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="After the incident was noticed.",
                        null=True,
                        verbose_name="minutes until due",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=10, verbose_name="place")),
            ],
            options={
                "verbose_name": "checklist step",
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("title", "kind"),
                        name="checklist_step_once_per_kind",
                        violation_error_message="There is such a step for this kind of incident.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("mitigated", "Mitigated"),
                            ("resolved", "Resolved"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                (
                    "severity",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (5, "critical"),
                            (4, "high"),
                            (3, "medium"),
                            (2, "low"),
                            (1, "info"),
                        ]
                    ),
                ),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "P1"), (2, "P2"), (3, "P3"), (4, "P4")], default=4
                    ),
                ),
                (
                    "priority_reason",
                    models.CharField(blank=True, max_length=500, verbose_name="why this priority"),
                ),
                (
                    "is_priority_set",
                    models.BooleanField(default=False, verbose_name="priority set by hand"),
                ),
                (
                    "is_security",
                    models.BooleanField(
                        default=False,
                        help_text="Only its team, who has a role in it and who was let in see it.",
                        verbose_name="security incident",
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="first symptom")),
                ("detected_at", models.DateTimeField(verbose_name="since")),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("mitigated_at", models.DateTimeField(null=True)),
                ("is_mitigated_by_hand", models.BooleanField(default=False, editable=False)),
                ("resolved_at", models.DateTimeField(null=True, verbose_name="over")),
                ("resolution", models.TextField(blank=True)),
                (
                    "next_update_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="next update"),
                ),
                (
                    "admitted",
                    models.ManyToManyField(
                        blank=True,
                        editable=False,
                        related_name="+",
                        to="directory.person",
                        verbose_name="let in",
                    ),
                ),
                (
                    "again_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="incidents.incident",
                    ),
                ),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="incidents",
                        to="directory.person",
                    ),
                ),
                (
                    "commander",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="commands",
                        to="directory.person",
                    ),
                ),
                (
                    "declared_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="incidents.incident",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="incidents",
                        to="directory.team",
                    ),
                ),
                (
                    "root_item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="incidents",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "ordering": ["-severity"],
                "permissions": [
                    ("acknowledge_incident", "Can take, assign and note"),
                    ("resolve_incident", "Can mitigate, resolve and reopen incidents"),
                    ("publish_status", "Can publish updates of incidents"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=512)),
                ("title", models.CharField(max_length=300)),
                (
                    "severity",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (5, "critical"),
                            (4, "high"),
                            (3, "medium"),
                            (2, "low"),
                            (1, "info"),
                        ]
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("acknowledged", "Acknowledged"),
                            ("resolved", "Resolved"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="since")),
                ("ends_at", models.DateTimeField(null=True, verbose_name="over")),
                ("last_seen_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField(editable=False)),
                (
                    "resolves_at",
                    models.DateTimeField(null=True, verbose_name="resolved by itself at"),
                ),
                ("acknowledged_until", models.DateTimeField(null=True)),
                ("count", models.PositiveIntegerField(default=1, verbose_name="times said")),
                ("labels", models.JSONField(default=dict)),
                ("annotations", models.JSONField(default=dict)),
                ("link", models.CharField(blank=True, max_length=1000)),
                ("group", models.CharField(blank=True, max_length=512)),
                ("wants_placing", models.BooleanField(default=True, editable=False)),
                ("is_silenced", models.BooleanField(default=False)),
                (
                    "expected_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="changes.change",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="alerts",
                        to="estate.item",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerts",
                        to="incidents.alertsource",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="alerts",
                        to="incidents.incident",
                    ),
                ),
            ],
            options={
                "ordering": ["-severity"],
                "permissions": [("acknowledge_alert", "Can acknowledge and resolve alerts")],
            },
        ),
        migrations.CreateModel(
            name="IncidentRole",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("commander", "incident commander"),
                            ("communications", "Communications"),
                            ("operations", "Operations"),
                            ("scribe", "Scribe"),
                        ],
                        max_length=14,
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="roles",
                        to="incidents.incident",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incident_roles",
                        to="directory.person",
                    ),
                ),
            ],
            options={
                "verbose_name": "incident role",
                "ordering": ["-starts_at"],
            },
        ),
        migrations.CreateModel(
            name="IncidentTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="task")),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("commander", "incident commander"),
                            ("communications", "Communications"),
                            ("operations", "Operations"),
                            ("scribe", "Scribe"),
                        ],
                        max_length=14,
                    ),
                ),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="due")),
                ("created_at", models.DateTimeField(verbose_name="since")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done")),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="incident_tasks",
                        to="directory.person",
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tasks",
                        to="incidents.incident",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="tasks",
                        to="incidents.checkliststep",
                    ),
                ),
            ],
            options={
                "verbose_name": "incident task",
                "ordering": ["due_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Parting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("until", models.DateTimeField()),
                (
                    "earlier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="incidents.incident",
                    ),
                ),
                (
                    "later",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="incidents.incident",
                    ),
                ),
            ],
            options={
                "ordering": ["-until"],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("delivery_id", models.CharField(blank=True, max_length=200)),
                ("key", models.CharField(max_length=32)),
                ("sha256", models.CharField(max_length=64)),
                ("body", models.BinaryField()),
                ("received_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("new", "New"), ("done", "Done"), ("rejected", "Rejected")],
                        default="new",
                        max_length=8,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=300)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="receipts",
                        to="incidents.alertsource",
                    ),
                ),
            ],
            options={
                "ordering": ["-received_at"],
            },
        ),
        migrations.CreateModel(
            name="Silence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "matching",
                    models.CharField(
                        blank=True,
                        help_text='What labels must say, such as alertname="DiskFull", severity!="critical".',
                        max_length=1000,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="silences",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "ordering": ["-ends_at"],
            },
        ),
        migrations.CreateModel(
            name="TimelineEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("alert", "Alert"),
                            ("ack", "taken"),
                            ("status", "Status"),
                            ("decision", "Decision"),
                            ("note", "Note"),
                            ("page", "call"),
                            ("change", "Change"),
                            ("command", "Command"),
                            ("message", "Message"),
                            ("metric", "measurement"),
                            ("role", "Role"),
                            ("task", "Task"),
                        ],
                        max_length=8,
                    ),
                ),
                ("text", models.TextField()),
                ("link", models.CharField(blank=True, max_length=1000)),
                ("hidden_at", models.DateTimeField(blank=True, null=True, verbose_name="hidden")),
                (
                    "alert",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="incidents.alert",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "hidden_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="timeline",
                        to="incidents.incident",
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="incidents.timelineentry",
                    ),
                ),
            ],
            options={
                "verbose_name": "timeline entry",
                "verbose_name_plural": "timeline entries",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="AlertEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("kind", models.CharField(max_length=20)),
                (
                    "severity",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (5, "critical"),
                            (4, "high"),
                            (3, "medium"),
                            (2, "low"),
                            (1, "info"),
                        ]
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="incidents.alert",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "alert event",
                "ordering": ["-at"],
                "indexes": [
                    models.Index(fields=["alert", "-at"], name="incidents_a_alert_i_976ddc_idx"),
                    models.Index(fields=["at", "kind"], name="incidents_a_at_974934_idx"),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="alertsource",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "own")),
                fields=("kind",),
                name="alert_source_one_of_our_own",
                violation_error_message="Our own findings are a source already.",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["severity", "id"], name="incidents_i_severit_b0310f_idx"),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["detected_at", "id"], name="incidents_i_detecte_99a1df_idx"),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["priority", "id"], name="incidents_i_priorit_9a63a5_idx"),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("state", "resolved"), _negated=True),
                fields=["state", "-severity"],
                name="incident_live",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("is_security", True)), fields=["owner"], name="incident_closed"
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("detected_at__gte", models.F("starts_at")),
                    models.Q(
                        ("acknowledged_at__isnull", True),
                        ("acknowledged_at__gte", models.F("detected_at")),
                        _connector="OR",
                    ),
                    models.Q(
                        ("mitigated_at__isnull", True),
                        ("mitigated_at__gte", models.F("detected_at")),
                        _connector="OR",
                    ),
                    models.Q(
                        ("resolved_at__isnull", True),
                        ("resolved_at__gte", models.F("detected_at")),
                        _connector="OR",
                    ),
                    models.Q(
                        ("resolved_at__isnull", True),
                        ("mitigated_at__isnull", True),
                        ("resolved_at__gte", models.F("mitigated_at")),
                        _connector="OR",
                    ),
                ),
                name="incident_times_in_order",
                violation_error_message="An incident is noticed after it began, and over after it was noticed.",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "open"), ("mitigated_at__isnull", True)),
                    models.Q(("state", "mitigated"), ("mitigated_at__isnull", False)),
                    ("state", "resolved"),
                    _connector="OR",
                ),
                name="incident_mitigated_says_when",
                violation_error_message="Say since when nobody suffers from it any more.",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_priority_set", False),
                    models.Q(("priority_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="incident_priority_has_a_reason",
                violation_error_message="Say why the priority is not what was worked out.",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_security", False), ("owner__isnull", False), _connector="OR"
                ),
                name="incident_security_has_a_team",
                violation_error_message="A security incident is its team's alone: choose the team.",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("state", "resolved"), _negated=True),
                        ("resolved_at__isnull", True),
                    ),
                    models.Q(
                        ("resolved_at__isnull", False),
                        ("state", "resolved"),
                        models.Q(("resolution", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="incident_resolved_says_how",
                violation_error_message="Say in a sentence how it was resolved.",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into__isnull", True), ("state", "resolved"), _connector="OR"
                ),
                name="incident_merged_is_over",
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["severity", "id"], name="incidents_a_severit_f21e8e_idx"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["starts_at", "id"], name="incidents_a_starts__017689_idx"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["source", "key", "-ends_at"], name="alert_by_key"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(
                    models.Q(("state", "resolved"), _negated=True), ("resolves_at__isnull", False)
                ),
                fields=["resolves_at"],
                name="alert_resolving",
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("wants_placing", True)), fields=["starts_at"], name="alert_new"
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["item", "state"], name="incidents_a_item_id_57b38c_idx"),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "resolved"), _negated=True),
                fields=("source", "key"),
                name="alert_one_open_per_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at__isnull", True),
                    ("ends_at__gte", models.F("starts_at")),
                    _connector="OR",
                ),
                name="alert_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ends_at__isnull", False), ("state", "resolved")),
                    models.Q(
                        models.Q(("state", "resolved"), _negated=True), ("ends_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="alert_resolved_has_an_end",
            ),
        ),
        migrations.AddIndex(
            model_name="incidentrole",
            index=models.Index(fields=["starts_at", "id"], name="incidents_i_starts__ce96c8_idx"),
        ),
        migrations.AddConstraint(
            model_name="incidentrole",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ends_at__isnull", True)),
                fields=("incident", "role"),
                name="incident_role_one_holder",
                violation_error_message="Somebody has this role: hand it over instead.",
            ),
        ),
        migrations.AddConstraint(
            model_name="incidentrole",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at__isnull", True),
                    ("ends_at__gte", models.F("starts_at")),
                    _connector="OR",
                ),
                name="incident_role_ends_after_it_starts",
                violation_error_message="A role ends after it starts.",
            ),
        ),
        migrations.AddIndex(
            model_name="incidenttask",
            index=models.Index(fields=["due_at", "id"], name="incidents_i_due_at_7848f1_idx"),
        ),
        migrations.AddConstraint(
            model_name="incidenttask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("step__isnull", False)),
                fields=("incident", "step"),
                name="incident_task_once_per_step",
            ),
        ),
        migrations.AddConstraint(
            model_name="incidenttask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at__isnull", True), ("done_by__isnull", True)),
                    ("done_at__gte", models.F("created_at")),
                    _connector="OR",
                ),
                name="incident_task_done_after_it_was_set",
                violation_error_message="A task is done after it was set.",
            ),
        ),
        migrations.AddConstraint(
            model_name="parting",
            constraint=models.UniqueConstraint(
                fields=("earlier", "later"), name="parting_once_per_pair"
            ),
        ),
        migrations.AddConstraint(
            model_name="parting",
            constraint=models.CheckConstraint(
                condition=models.Q(("earlier__lt", models.F("later"))), name="parting_in_order"
            ),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(
                condition=models.Q(("state", "new")), fields=["source", "id"], name="receipt_new"
            ),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(fields=["received_at", "id"], name="incidents_r_receive_143998_idx"),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(
                fields=["state", "-received_at"], name="incidents_r_state_5903d5_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("delivery_id", ""), _negated=True),
                fields=("source", "delivery_id"),
                name="receipt_once_per_delivery",
            ),
        ),
        migrations.AddConstraint(
            model_name="silence",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gte", models.F("starts_at"))),
                name="silence_ends_after_it_starts",
                violation_error_message="A silence must end after it starts.",
            ),
        ),
        migrations.AddConstraint(
            model_name="silence",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("matching", ""), _negated=True),
                    ("item__isnull", False),
                    _connector="OR",
                ),
                name="silence_names_something",
                violation_error_message="Say which labels, or which item, the silence is for.",
            ),
        ),
        migrations.AddIndex(
            model_name="timelineentry",
            index=models.Index(fields=["incident", "-at"], name="incidents_t_inciden_4ddf79_idx"),
        ),
        migrations.AddConstraint(
            model_name="timelineentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("hidden_at__isnull", True), ("hidden_by__isnull", True)),
                    models.Q(("hidden_at__isnull", False), ("hidden_by__isnull", False)),
                    _connector="OR",
                ),
                name="timeline_hidden_says_by_whom",
            ),
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("closed", "Closed")],
                        default="draft",
                        editable=False,
                        max_length=6,
                    ),
                ),
                (
                    "due_on",
                    models.DateField(
                        help_text="Five working days after it was over.", verbose_name="due"
                    ),
                ),
                ("summary", models.TextField(blank=True, verbose_name="what happened")),
                ("detection", models.TextField(blank=True, verbose_name="how it was noticed")),
                (
                    "factors",
                    models.TextField(
                        blank=True,
                        help_text="Conditions, not people: what would have let anybody do the same?",
                        verbose_name="what made it possible",
                    ),
                ),
                ("went_well", models.TextField(blank=True, verbose_name="what went well")),
                ("impact", models.JSONField(default=list, editable=False)),
                ("opened_at", models.DateTimeField(editable=False, verbose_name="begun")),
                (
                    "closed_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="closed"
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="review",
                        to="incidents.incident",
                    ),
                ),
            ],
            options={
                "verbose_name": "incident review",
                "ordering": ["due_on"],
                "permissions": [("close_review", "Can close reviews of incidents")],
            },
        ),
        migrations.CreateModel(
            name="ReviewAction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="action")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("prevent", "prevent it"),
                            ("detect", "notice it sooner"),
                            ("mitigate", "let it hurt less"),
                            ("process", "work differently"),
                        ],
                        max_length=8,
                    ),
                ),
                ("due_on", models.DateField(verbose_name="due")),
                ("created_at", models.DateTimeField(editable=False, verbose_name="since")),
                (
                    "done_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="done"
                    ),
                ),
                (
                    "verified_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="verified"
                    ),
                ),
                (
                    "proof",
                    models.TextField(blank=True, editable=False, verbose_name="how one can tell"),
                ),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="review_actions",
                        to="changes.change",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="review_actions",
                        to="directory.person",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="actions",
                        to="incidents.review",
                    ),
                ),
                (
                    "verified_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "review action",
                "ordering": ["due_on", "pk"],
            },
        ),
        migrations.CreateModel(
            name="ServiceObjective",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("up", "nothing grave alerts"),
                            ("ratio", "good of all, of two series"),
                        ],
                        default="up",
                        max_length=5,
                    ),
                ),
                (
                    "good",
                    models.CharField(
                        blank=True,
                        help_text="A counter of the service, such as http_requests_good_total.",
                        max_length=200,
                        verbose_name="metric of the good",
                    ),
                ),
                (
                    "total",
                    models.CharField(blank=True, max_length=200, verbose_name="metric of all"),
                ),
                (
                    "target",
                    models.FloatField(
                        default=0.999,
                        help_text="99.9 (or 0.999): one in a thousand may go wrong.",
                        validators=[
                            django.core.validators.MinValueValidator(
                                0.5, "A target is at least 50 percent."
                            ),
                            django.core.validators.MaxValueValidator(
                                0.99999, "A target is at most 99.999 percent: nothing never fails."
                            ),
                        ],
                    ),
                ),
                (
                    "window_days",
                    models.PositiveSmallIntegerField(
                        default=28,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(92),
                        ],
                        verbose_name="days",
                    ),
                ),
                (
                    "left",
                    models.FloatField(
                        editable=False,
                        help_text="1: all of it; below 0: overspent.",
                        null=True,
                        verbose_name="budget left",
                    ),
                ),
                (
                    "measured_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="measured"),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        limit_choices_to={"kind": "service"},
                        related_name="objectives",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "verbose_name": "service objective",
                "ordering": ["service"],
            },
        ),
        migrations.CreateModel(
            name="StatusComponent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="public name")),
                (
                    "about",
                    models.CharField(blank=True, max_length=200, verbose_name="public words"),
                ),
                ("position", models.PositiveSmallIntegerField(default=10, verbose_name="place")),
                ("is_shown", models.BooleanField(default=True, verbose_name="shown")),
                (
                    "services",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Never shown outside: they say which components an incident touches.",
                        limit_choices_to={"kind": "service"},
                        related_name="status_components",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "verbose_name": "status component",
                "ordering": ["position", "name"],
            },
        ),
        migrations.CreateModel(
            name="StatusNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=120, verbose_name="public title")),
                (
                    "kind",
                    models.CharField(
                        choices=[("incident", "Incident"), ("maintenance", "Maintenance")],
                        default="incident",
                        max_length=11,
                    ),
                ),
                (
                    "impact",
                    models.CharField(
                        choices=[
                            ("none", "works"),
                            ("degraded", "slow or faulty"),
                            ("partial", "partly down"),
                            ("outage", "down"),
                            ("maintenance", "under maintenance"),
                        ],
                        default="degraded",
                        max_length=11,
                    ),
                ),
                ("starts_at", models.DateTimeField(blank=True, null=True, verbose_name="from")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                ("created_at", models.DateTimeField(editable=False, verbose_name="written")),
                (
                    "published_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="first published"
                    ),
                ),
                (
                    "closed_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="closed"
                    ),
                ),
                (
                    "components",
                    models.ManyToManyField(
                        blank=True, related_name="notices", to="incidents.statuscomponent"
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="notices",
                        to="incidents.incident",
                    ),
                ),
            ],
            options={
                "verbose_name": "status notice",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="StatusSubscriber",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("email", "e-mail"), ("webhook", "Webhook")], max_length=7
                    ),
                ),
                ("address", models.CharField(max_length=300)),
                ("created_at", models.DateTimeField(verbose_name="asked")),
                (
                    "confirmed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="confirmed"),
                ),
            ],
            options={
                "verbose_name": "status subscriber",
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(fields=["created_at", "id"], name="incidents_s_created_de7921_idx")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "address"),
                        name="status_subscriber_once",
                        violation_error_message="This address has subscribed already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StatusUpdate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "phase",
                    models.CharField(
                        choices=[
                            ("investigating", "Investigating"),
                            ("identified", "Identified"),
                            ("monitoring", "Monitoring"),
                            ("resolved", "Resolved"),
                            ("scheduled", "Scheduled"),
                            ("in_progress", "in progress"),
                            ("completed", "Completed"),
                        ],
                        max_length=13,
                    ),
                ),
                ("text", models.TextField(max_length=4000, verbose_name="public text")),
                ("at", models.DateTimeField(verbose_name="published")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="updates",
                        to="incidents.statusnotice",
                    ),
                ),
            ],
            options={
                "verbose_name": "status update",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="StatusDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="incidents.statussubscriber",
                    ),
                ),
                (
                    "update",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="incidents.statusupdate",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="IncidentChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("cause", "caused it"), ("fix", "was made because of it")],
                        max_length=5,
                        verbose_name="part",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="linked")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="incident_links",
                        to="changes.change",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="change_links",
                        to="incidents.incident",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of incident",
                "verbose_name_plural": "changes of incidents",
                "ordering": ["-at"],
                "indexes": [models.Index(fields=["at", "id"], name="incidents_i_at_2fde4d_idx")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("incident", "change"),
                        name="incident_change_once",
                        violation_error_message="This change is linked to this incident already.",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(fields=["due_on", "id"], name="incidents_r_due_on_e7a2c7_idx"),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("state", "draft")),
                    models.Q(
                        ("closed_at__isnull", False),
                        ("state", "closed"),
                        models.Q(("factors", ""), _negated=True),
                        models.Q(("summary", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="review_closed_says_what_was_learnt",
                violation_error_message="Say what happened and what made it possible, then close.",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewaction",
            index=models.Index(fields=["due_on", "id"], name="incidents_r_due_on_9484c4_idx"),
        ),
        migrations.AddConstraint(
            model_name="reviewaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("verified_at__isnull", True), ("verified_by__isnull", True)),
                    models.Q(
                        ("done_at__isnull", False),
                        ("verified_at__gte", models.F("done_at")),
                        ("verified_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="review_action_done_before_it_is_verified",
                violation_error_message="Only what is done can be verified.",
            ),
        ),
        migrations.AddConstraint(
            model_name="serviceobjective",
            constraint=models.UniqueConstraint(
                fields=("service", "kind", "total"),
                name="service_objective_once",
                violation_error_message="This service has such an objective already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="serviceobjective",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("good", ""), ("kind", "up"), ("total", "")),
                    models.Q(
                        ("kind", "ratio"),
                        models.Q(("good", ""), _negated=True),
                        models.Q(("total", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="service_objective_names_its_series",
                violation_error_message="A ratio needs both metrics; without it, leave them empty.",
            ),
        ),
        migrations.AddConstraint(
            model_name="serviceobjective",
            constraint=models.CheckConstraint(
                condition=models.Q(("target__gte", 0.5), ("target__lte", 0.99999)),
                name="service_objective_leaves_room",
                violation_error_message="A target lies between 50 and 99.999 percent.",
            ),
        ),
        migrations.AddIndex(
            model_name="statusnotice",
            index=models.Index(fields=["created_at", "id"], name="incidents_s_created_f01aa6_idx"),
        ),
        migrations.AddConstraint(
            model_name="statusnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "incident"),
                    models.Q(
                        ("ends_at__gt", models.F("starts_at")),
                        ("ends_at__isnull", False),
                        ("starts_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="status_maintenance_says_when",
                violation_error_message="Say from when until when the maintenance is.",
            ),
        ),
        migrations.AddConstraint(
            model_name="statusnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at__isnull", True),
                    models.Q(
                        ("closed_at__gte", models.F("published_at")),
                        ("published_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="status_closed_after_it_was_published",
                violation_error_message="Only what was published can be closed.",
            ),
        ),
        migrations.AddIndex(
            model_name="statusupdate",
            index=models.Index(fields=["at", "id"], name="incidents_s_at_37956d_idx"),
        ),
        migrations.AddConstraint(
            model_name="statusdelivery",
            constraint=models.UniqueConstraint(
                fields=("update", "subscriber"), name="status_delivery_once"
            ),
        ),
        migrations.AlterConstraint(
            model_name="incident",
            name="incident_merged_is_over",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into__isnull", True), ("state", "resolved"), _connector="OR"
                ),
                name="incident_merged_is_over",
                violation_error_message="What was merged into another incident is over.",
            ),
        ),
    ]
