import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("directory", "0001_initial"),
        ("estate", "0001_initial"),
        ("findings", "0001_initial"),
        ("kit", "0003_search_index_and_audit_guard"),
        ("kit", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarAddress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="change_calendar",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["user"],
            },
        ),
        migrations.CreateModel(
            name="Freeze",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("reason", models.TextField()),
                (
                    "selector",
                    models.CharField(
                        blank=True,
                        help_text="Which items, such as tag=shop or environment=production. Empty: every item.",
                        max_length=300,
                        verbose_name="items",
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-starts_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="freeze_ends_after_it_starts",
                        violation_error_message="A freeze must end after it starts.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StandardChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=160, unique=True)),
                ("description", models.TextField(blank=True)),
                (
                    "selector",
                    models.CharField(
                        blank=True,
                        help_text="Which items it may touch, such as kind=host. Empty: every item.",
                        max_length=300,
                        verbose_name="allowed items",
                    ),
                ),
                ("plan", models.TextField(help_text="One step a line.")),
                (
                    "rollback",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("written", "Written"),
                            ("rehearsed", "Rehearsed"),
                        ],
                        default="written",
                        max_length=9,
                        verbose_name="way back",
                    ),
                ),
                (
                    "rollback_plan",
                    models.TextField(
                        blank=True, help_text="One step a line.", verbose_name="steps back"
                    ),
                ),
                (
                    "verification",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("manual", "Manual"),
                            ("automated", "Automated"),
                        ],
                        default="automated",
                        max_length=9,
                    ),
                ),
                ("approved_at", models.DateTimeField(editable=False, null=True)),
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
                    "written_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "standard change",
                "ordering": ["title"],
                "permissions": [
                    ("approve_standardchange", "Can approve standard changes beforehand")
                ],
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=160)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("standard", "Standard"),
                            ("normal", "Normal"),
                            ("emergency", "Emergency"),
                        ],
                        default="normal",
                        max_length=9,
                    ),
                ),
                (
                    "description",
                    models.TextField(
                        blank=True, help_text="What it is good for.", verbose_name="why"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("assessed", "Assessed"),
                            ("waiting", "Waiting"),
                            ("approved", "Approved"),
                            ("running", "Running"),
                            ("verifying", "Verifying"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("rolled_back", "Rolled Back"),
                            ("abandoned", "Abandoned"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=11,
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="window from")),
                ("ends_at", models.DateTimeField(verbose_name="window to")),
                ("plan", models.TextField(blank=True, help_text="One step a line.")),
                (
                    "rollback",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("written", "Written"),
                            ("rehearsed", "Rehearsed"),
                        ],
                        default="written",
                        max_length=9,
                        verbose_name="way back",
                    ),
                ),
                (
                    "rollback_plan",
                    models.TextField(
                        blank=True, help_text="One step a line.", verbose_name="steps back"
                    ),
                ),
                (
                    "verification",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("manual", "Manual"),
                            ("automated", "Automated"),
                        ],
                        default="automated",
                        help_text="Automated: the checks of its items and of what depends on them.",
                        max_length=9,
                    ),
                ),
                (
                    "points",
                    models.PositiveSmallIntegerField(
                        editable=False, null=True, verbose_name="risk"
                    ),
                ),
                (
                    "band",
                    models.CharField(
                        blank=True,
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")],
                        editable=False,
                        max_length=6,
                    ),
                ),
                ("terms", models.JSONField(default=list, editable=False)),
                ("may_auto_approve", models.BooleanField(default=False, editable=False)),
                ("assessed_at", models.DateTimeField(editable=False, null=True)),
                (
                    "commanded_for",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="The incident whose commander let an emergency start.",
                        max_length=80,
                        verbose_name="ordered for",
                    ),
                ),
                ("started_at", models.DateTimeField(editable=False, null=True)),
                ("findings_before", models.JSONField(default=list, editable=False)),
                ("findings_after", models.JSONField(default=list, editable=False)),
                (
                    "result",
                    models.CharField(
                        blank=True,
                        choices=[("good", "Good"), ("bad", "Bad")],
                        editable=False,
                        max_length=4,
                    ),
                ),
                ("verified_at", models.DateTimeField(editable=False, null=True)),
                ("watched_until", models.DateTimeField(editable=False, null=True)),
                ("rollback_proposed_at", models.DateTimeField(editable=False, null=True)),
                (
                    "rollback_why",
                    models.TextField(blank=True, editable=False, verbose_name="why roll back"),
                ),
                ("ended_at", models.DateTimeField(editable=False, null=True, verbose_name="over")),
                ("outcome", models.TextField(blank=True, editable=False)),
                (
                    "review_due_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="review due"),
                ),
                (
                    "reviewed_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="reviewed"),
                ),
                ("review", models.TextField(blank=True, editable=False)),
                (
                    "is_recorded",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="It was done outside and told of.",
                        verbose_name="recorded",
                    ),
                ),
                (
                    "external_ref",
                    models.CharField(blank=True, max_length=200, verbose_name="reference outside"),
                ),
                (
                    "executor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="carried out by",
                    ),
                ),
                (
                    "findings",
                    models.ManyToManyField(
                        blank=True,
                        help_text="What it is to repair: their checks run when it is done.",
                        related_name="changes",
                        to="findings.finding",
                    ),
                ),
                (
                    "freeze_broken_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("items", models.ManyToManyField(related_name="changes", to="estate.item")),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the team of the first item.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="changes",
                        to="directory.team",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "standard",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="changes.standardchange",
                        verbose_name="standard change",
                    ),
                ),
            ],
            options={
                "ordering": ["-starts_at"],
                "permissions": [
                    ("approve_change", "Can approve and reject changes"),
                    ("execute_change", "Can carry out changes"),
                    ("close_change", "Can review changes that are over"),
                    ("break_freeze", "Can let a change start inside a freeze"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Trouble",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=80)),
                ("title", models.CharField(max_length=300)),
                ("url", models.CharField(blank=True, max_length=200)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "commander",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="troubles",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "verbose_name": "trouble",
                "ordering": ["-since"],
            },
        ),
        migrations.CreateModel(
            name="ApprovalPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True)),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("standard", "Standard"),
                            ("normal", "Normal"),
                            ("emergency", "Emergency"),
                        ],
                        help_text="Empty: any.",
                        max_length=9,
                    ),
                ),
                (
                    "band",
                    models.CharField(
                        blank=True,
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")],
                        help_text="Empty: any.",
                        max_length=6,
                        verbose_name="risk",
                    ),
                ),
                (
                    "environment",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("production", "Production"),
                            ("staging", "Staging"),
                            ("test", "Test"),
                            ("development", "Development"),
                            ("none", "None"),
                        ],
                        help_text="Empty: any.",
                        max_length=11,
                    ),
                ),
                (
                    "tag",
                    models.CharField(
                        blank=True,
                        help_text="Empty: any items.",
                        max_length=60,
                        verbose_name="tag of an item",
                    ),
                ),
                (
                    "needed",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="0: goes ahead by itself, where the risk card allows it.",
                        validators=[django.core.validators.MaxValueValidator(5)],
                        verbose_name="approvals",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        help_text="One of them is this person.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        help_text="One of them comes from this team.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.team",
                    ),
                ),
            ],
            options={
                "verbose_name": "approval policy",
                "verbose_name_plural": "approval policies",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("needed__gt", 0),
                            models.Q(
                                models.Q(("kind", "emergency"), _negated=True), ("band", "low")
                            ),
                            ("kind", "standard"),
                            _connector="OR",
                        ),
                        name="approval_policy_never_lets_risk_pass",
                        violation_error_message="Only standard changes and those of low risk go ahead by themselves.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("needed__gt", 0),
                            models.Q(("person__isnull", True), ("team__isnull", True)),
                            _connector="OR",
                        ),
                        name="approval_policy_asks_whom_it_names",
                        violation_error_message="Who is named has to be asked: one approval at least.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        choices=[("approved", "Approved"), ("rejected", "Rejected")], max_length=8
                    ),
                ),
                ("rule", models.CharField(max_length=300)),
                ("note", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                ("voided_at", models.DateTimeField(null=True, verbose_name="voided")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="approvals",
                        to="changes.change",
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("voided_at__isnull", True)),
                        fields=("change", "person"),
                        name="approval_once_per_person",
                        violation_error_message="You have decided about this change already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("person", models.F("requested_by")), _negated=True),
                        name="approval_by_another",
                        violation_error_message="Someone else must approve your change.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChangeEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("kind", models.CharField(max_length=20)),
                ("text", models.TextField(blank=True)),
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
                        related_name="events",
                        to="changes.change",
                    ),
                ),
            ],
            options={
                "verbose_name": "change event",
                "ordering": ["-at", "-pk"],
                "indexes": [
                    models.Index(fields=["change", "-at"], name="changes_cha_change__56b33b_idx")
                ],
            },
        ),
        migrations.CreateModel(
            name="ChangeStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_back", models.BooleanField(default=False, verbose_name="of the way back")),
                ("place", models.PositiveSmallIntegerField()),
                ("title", models.CharField(max_length=300)),
                ("done_at", models.DateTimeField(null=True, verbose_name="done")),
                ("note", models.TextField(blank=True)),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="changes.change",
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "change step",
                "ordering": ["is_back", "place"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("change", "is_back", "place"), name="change_step_once_per_place"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at__isnull", True), ("done_by__isnull", True)),
                            models.Q(("done_at__isnull", False), ("done_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="change_step_done_by_somebody",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="standardchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(("approved_by", models.F("written_by")), _negated=True),
                    _connector="OR",
                ),
                name="standard_change_approved_by_another",
                violation_error_message="Nobody approves their own standard change.",
            ),
        ),
        migrations.AddConstraint(
            model_name="standardchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("rollback", "none"), _negated=True),
                    ("approved_by__isnull", True),
                    _connector="OR",
                ),
                name="standard_change_has_a_way_back",
                violation_error_message="What has no way back is not approved beforehand.",
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                fields=["starts_at", "ends_at"], name="changes_cha_starts__c582fc_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["state", "starts_at"], name="changes_cha_state_574e46_idx"),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["-points", "id"], name="changes_cha_points_7fad51_idx"),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="change_ends_after_it_starts",
                violation_error_message="A change must end after it starts.",
            ),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["running", "verifying"]), _negated=True),
                    models.Q(("executor__isnull", False), ("started_at__isnull", False)),
                    _connector="OR",
                ),
                name="change_under_way_has_one_executor",
                violation_error_message="Somebody must carry out a change that runs.",
            ),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    ("is_recorded", True),
                    ("result", "good"),
                    _connector="OR",
                ),
                name="change_done_was_verified",
                violation_error_message="Verify it first: what is done has a result.",
            ),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["done", "failed", "rolled_back"]), _negated=True),
                    models.Q(
                        ("ended_at__isnull", False),
                        models.Q(
                            ("state", "done"),
                            models.Q(("outcome", ""), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="change_over_says_when_and_how",
                violation_error_message="Say in a sentence how it ended.",
            ),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "abandoned"]),
                    ("is_recorded", True),
                    models.Q(("points__isnull", False), models.Q(("band", ""), _negated=True)),
                    _connector="OR",
                ),
                name="change_weighed_before_it_waits",
                violation_error_message="Assess it first.",
            ),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_recorded", False), ("state", "done"), _connector="OR"),
                name="change_recorded_was_done_outside",
                violation_error_message="A recorded change was done elsewhere: it is done.",
            ),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("may_auto_approve", False),
                    models.Q(
                        models.Q(("kind", "emergency"), _negated=True),
                        models.Q(("rollback", "none"), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="change_auto_approval_has_a_way_back",
                violation_error_message="Only a change with a way back goes ahead by itself.",
            ),
        ),
        migrations.AddConstraint(
            model_name="trouble",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until__isnull", True)),
                fields=("item", "reference"),
                name="trouble_open_once_per_item",
            ),
        ),
        migrations.AddConstraint(
            model_name="trouble",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until__isnull", True), ("until__gte", models.F("since")), _connector="OR"
                ),
                name="trouble_ends_after_it_begins",
            ),
        ),
        migrations.CreateModel(
            name="Runbook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=160, unique=True)),
                (
                    "summary",
                    models.CharField(
                        blank=True, help_text="In a sentence: when it is used.", max_length=300
                    ),
                ),
                (
                    "selector",
                    models.CharField(
                        blank=True,
                        help_text="Which items it is for, such as kind=host. Empty: every item.",
                        max_length=300,
                        verbose_name="items",
                    ),
                ),
                (
                    "alerts",
                    models.TextField(
                        blank=True,
                        help_text="Names of alerts it answers, one a line; * stands for anything.",
                    ),
                ),
                (
                    "text",
                    models.TextField(
                        help_text="Markdown; each “## ” begins a step.", verbose_name="steps"
                    ),
                ),
                (
                    "is_offered",
                    models.BooleanField(
                        default=True, help_text="Off: kept, not suggested.", verbose_name="offered"
                    ),
                ),
                (
                    "number",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="runbooks",
                        to="directory.team",
                    ),
                ),
                (
                    "standard",
                    models.ForeignKey(
                        blank=True,
                        help_text="What its altering commands are, where that is approved beforehand. Empty: each is an emergency with an approval of its own.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runbooks",
                        to="changes.standardchange",
                        verbose_name="standard change",
                    ),
                ),
            ],
            options={
                "ordering": ["title"],
                "permissions": [
                    ("run_runbook", "Can run runbooks"),
                    ("approve_runbook", "Can approve versions of runbooks"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RunbookRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("given", models.JSONField(default=dict, verbose_name="parameters")),
                ("reference", models.CharField(blank=True, max_length=80, verbose_name="for")),
                ("is_dry", models.BooleanField(default=False, verbose_name="dry run")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("waiting", "Waiting"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("stopped", "Stopped"),
                        ],
                        default="running",
                        max_length=7,
                    ),
                ),
                (
                    "asks",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("read", "somebody to read on"),
                            ("answer", "an answer"),
                            ("time", "its time"),
                            ("approval", "an approval"),
                            ("failed", "somebody to see what failed"),
                            ("unknown", "somebody to look at the host"),
                        ],
                        max_length=8,
                        verbose_name="waits for",
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="started")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="over")),
                ("outcome", models.CharField(blank=True, max_length=300)),
                ("helped", models.BooleanField(null=True)),
                ("is_back", models.BooleanField(default=False, verbose_name="on the way back")),
                (
                    "following",
                    models.PositiveSmallIntegerField(default=1, verbose_name="next step"),
                ),
                ("is_stopping", models.BooleanField(default=False)),
                ("holder", models.CharField(blank=True, max_length=32)),
                ("beat_at", models.DateTimeField(null=True)),
                (
                    "driver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runbook_runs",
                        to="estate.item",
                    ),
                ),
                (
                    "runbook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="changes.runbook",
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "runbook run",
                "ordering": ["-started_at"],
            },
        ),
        migrations.CreateModel(
            name="RunbookStepRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("is_back", models.BooleanField(default=False, verbose_name="of the way back")),
                ("place", models.PositiveSmallIntegerField()),
                ("title", models.CharField(max_length=160)),
                ("kind", models.CharField(max_length=8)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("waiting", "Waiting"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("unknown", "nobody knows"),
                            ("skipped", "Skipped"),
                            ("stopped", "Stopped"),
                        ],
                        default="running",
                        max_length=7,
                    ),
                ),
                ("result", models.CharField(blank=True, max_length=60)),
                ("command", models.TextField(blank=True)),
                ("is_altering", models.BooleanField(default=False, verbose_name="alters")),
                ("output", models.TextField(blank=True)),
                ("status", models.IntegerField(null=True, verbose_name="exit status")),
                ("note", models.TextField(blank=True)),
                ("started_at", models.DateTimeField(verbose_name="started")),
                ("sent_at", models.DateTimeField(null=True, verbose_name="sent")),
                ("due_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True, verbose_name="over")),
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
                    "change",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runbook_steps",
                        to="changes.change",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="changes.runbookrun",
                    ),
                ),
            ],
            options={
                "verbose_name": "runbook step",
                "ordering": ["run", "number"],
            },
        ),
        migrations.CreateModel(
            name="RunbookVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("text", models.TextField()),
                ("written_at", models.DateTimeField(verbose_name="written")),
                ("approved_at", models.DateTimeField(null=True, verbose_name="approved")),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "runbook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="editions",
                        to="changes.runbook",
                    ),
                ),
                (
                    "standard",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="changes.standardchange",
                        verbose_name="standard change",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "runbook version",
                "ordering": ["runbook", "-number"],
            },
        ),
        migrations.AddField(
            model_name="runbookrun",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="runs",
                to="changes.runbookversion",
            ),
        ),
        migrations.CreateModel(
            name="CommandAccess",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "address",
                    models.CharField(
                        help_text="A host name or an address.",
                        max_length=255,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)\\Z",
                                "Give a host name or an address.",
                            )
                        ],
                    ),
                ),
                (
                    "port",
                    models.PositiveIntegerField(
                        default=22,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(65535),
                        ],
                    ),
                ),
                (
                    "host_key",
                    models.CharField(
                        blank=True,
                        help_text="Its public key as one line. Empty: nobody has trusted it, and nothing is sent.",
                        max_length=2000,
                        verbose_name="key of the host",
                    ),
                ),
                (
                    "reader",
                    models.CharField(
                        blank=True, editable=False, max_length=80, verbose_name="reading account"
                    ),
                ),
                (
                    "user",
                    models.CharField(
                        default="fullscore-run",
                        help_text="An account of its own, which may do what the runbooks need and no more.",
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
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="command_access",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "verbose_name": "command access",
                "verbose_name_plural": "command accesses",
                "ordering": ["item"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("user", models.F("reader")), _negated=True),
                        name="command_access_is_no_reader",
                        violation_error_message="The account that reads the host must not run commands: make another one.",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="runbook",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True),
                name="runbook_has_steps",
                violation_error_message="Write a step first: “## ” and its title.",
            ),
        ),
        migrations.AddConstraint(
            model_name="runbooksteprun",
            constraint=models.UniqueConstraint(fields=("run", "number"), name="runbook_step_once"),
        ),
        migrations.AddConstraint(
            model_name="runbooksteprun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("run",),
                name="runbook_step_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="runbooksteprun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("state__in", ["running", "waiting"])),
                    models.Q(
                        models.Q(("state__in", ["running", "waiting"]), _negated=True),
                        ("ended_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="runbook_step_over_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="runbooksteprun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("sent_at__isnull", True),
                    ("is_altering", False),
                    ("change__isnull", False),
                    _connector="OR",
                ),
                name="runbook_step_alters_within_a_change",
                violation_error_message="What alters a host is a change.",
            ),
        ),
        migrations.AddConstraint(
            model_name="runbookversion",
            constraint=models.UniqueConstraint(
                fields=("runbook", "number"), name="runbook_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="runbookversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(("approved_by", models.F("written_by")), _negated=True),
                    _connector="OR",
                ),
                name="runbook_version_approved_by_another",
                violation_error_message="Nobody approves what they wrote themselves.",
            ),
        ),
        migrations.AddConstraint(
            model_name="runbookversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                    models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                    _connector="OR",
                ),
                name="runbook_version_approved_says_when",
            ),
        ),
        migrations.AddIndex(
            model_name="runbookrun",
            index=models.Index(fields=["state", "beat_at"], name="changes_run_state_a36664_idx"),
        ),
        migrations.AddIndex(
            model_name="runbookrun",
            index=models.Index(fields=["reference"], name="changes_run_referen_74be17_idx"),
        ),
        migrations.AddConstraint(
            model_name="runbookrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_dry", False), ("state__in", ["running", "waiting"])),
                fields=("runbook", "item"),
                name="runbook_run_once_at_a_time",
                violation_error_message="It is being run for this item already: go on there.",
            ),
        ),
        migrations.AddConstraint(
            model_name="runbookrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("state__in", ["running", "waiting"])),
                    models.Q(
                        models.Q(("state__in", ["running", "waiting"]), _negated=True),
                        ("ended_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="runbook_run_over_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="runbookrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "waiting"), models.Q(("asks", ""), _negated=True)),
                    models.Q(models.Q(("state", "waiting"), _negated=True), ("asks", "")),
                    _connector="OR",
                ),
                name="runbook_run_waits_for_something",
            ),
        ),
    ]
