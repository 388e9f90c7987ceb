import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("changes", "0001_initial"),
        ("directory", "0001_initial"),
        ("estate", "0001_initial"),
        ("kit", "0003_search_index_and_audit_guard"),
    ]

    operations = [
        migrations.CreateModel(
            name="Hypervisor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[("local", "on this machine"), ("ssh", "over SSH")],
                        default="ssh",
                        max_length=5,
                    ),
                ),
                (
                    "uri",
                    models.CharField(
                        default="qemu:///system",
                        help_text="As virsh knows it on that host.",
                        max_length=80,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A(?:(?:qemu|xen|lxc|ch|bhyve):///(?:system|session)?|test:///default)\\Z",
                                "Give one such as qemu:///system.",
                            )
                        ],
                        verbose_name="libvirt address",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "not read yet"),
                            ("ok", "Ok"),
                            ("failing", "Failing"),
                            ("paused", "Paused"),
                        ],
                        default="new",
                        editable=False,
                        max_length=7,
                    ),
                ),
                ("last_error", models.CharField(blank=True, editable=False, max_length=300)),
                ("gaps", models.JSONField(default=list, editable=False)),
                ("version", models.CharField(blank=True, editable=False, max_length=120)),
                (
                    "cpu_count",
                    models.PositiveIntegerField(editable=False, null=True, verbose_name="CPUs"),
                ),
                (
                    "memory_bytes",
                    models.BigIntegerField(editable=False, null=True, verbose_name="memory"),
                ),
                (
                    "promised_bytes",
                    models.BigIntegerField(
                        default=0, editable=False, verbose_name="memory of running machines"
                    ),
                ),
                (
                    "read_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="last read"),
                ),
                (
                    "item",
                    models.OneToOneField(
                        help_text="Over SSH: the item that stands under SSH hosts, too.",
                        limit_choices_to={"kind": "hypervisor"},
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hypervisor",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "ordering": ["item__name"],
            },
        ),
        migrations.CreateModel(
            name="Machine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.CharField(max_length=36, verbose_name="UUID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("stopping", "Stopping"),
                            ("off", "Off"),
                            ("crashed", "Crashed"),
                            ("suspended", "Suspended"),
                            ("unknown", "Unknown"),
                            ("gone", "Gone"),
                        ],
                        default="unknown",
                        max_length=9,
                    ),
                ),
                ("cpu_count", models.PositiveIntegerField(default=0, verbose_name="CPUs")),
                ("memory_bytes", models.BigIntegerField(default=0, verbose_name="memory")),
                (
                    "starts_by_itself",
                    models.BooleanField(default=False, verbose_name="starts with the host"),
                ),
                ("addresses", models.JSONField(default=list)),
                ("disks", models.JSONField(default=list)),
                ("networks", models.JSONField(default=list)),
                ("wait_ns", models.BigIntegerField(editable=False, null=True)),
                (
                    "waits_percent",
                    models.FloatField(
                        editable=False, null=True, verbose_name="waits for a CPU (%)"
                    ),
                ),
                (
                    "is_recorded",
                    models.BooleanField(
                        default=False,
                        help_text="Somebody said that it is meant to be.",
                        verbose_name="recorded",
                    ),
                ),
                ("seen_at", models.DateTimeField(null=True, verbose_name="last seen")),
                (
                    "hypervisor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="machines",
                        to="servers.hypervisor",
                    ),
                ),
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="machine",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "verbose_name": "virtual machine",
                "ordering": ["item__name"],
            },
        ),
        migrations.CreateModel(
            name="MachineAct",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("start", "Start"),
                            ("shutdown", "shut down"),
                            ("snapshot", "take a snapshot"),
                            ("revert", "put back to a snapshot"),
                            ("migrate", "move to another hypervisor"),
                        ],
                        max_length=8,
                    ),
                ),
                ("values", models.JSONField(default=dict)),
                ("steps", models.JSONField(default=list)),
                (
                    "loses",
                    models.CharField(blank=True, max_length=200, verbose_name="what would be lost"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("ordered", "Ordered"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="planned",
                        max_length=7,
                    ),
                ),
                ("said", models.TextField(blank=True, verbose_name="how it went")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="over")),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="machine_acts",
                        to="changes.change",
                    ),
                ),
                (
                    "machine",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="acts",
                        to="servers.machine",
                    ),
                ),
            ],
            options={
                "verbose_name": "machine act",
                "ordering": ["-pk"],
                "permissions": [("execute_machineact", "Can let acts on machines happen")],
            },
        ),
        migrations.CreateModel(
            name="MachineSnapshot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("taken_at", models.DateTimeField(verbose_name="taken")),
                (
                    "state",
                    models.CharField(
                        blank=True, max_length=40, verbose_name="of a machine that was"
                    ),
                ),
                (
                    "machine",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="snapshots",
                        to="servers.machine",
                    ),
                ),
            ],
            options={
                "verbose_name": "machine snapshot",
                "ordering": ["taken_at"],
            },
        ),
        migrations.CreateModel(
            name="PackageVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("manager", models.CharField(max_length=8)),
                ("name", models.CharField(max_length=200)),
                ("version", models.CharField(max_length=120)),
                ("architecture", models.CharField(blank=True, max_length=20)),
                ("source", models.CharField(blank=True, max_length=200)),
                ("source_version", models.CharField(blank=True, max_length=120)),
                ("key", models.BinaryField(default=b"")),
            ],
            options={
                "verbose_name": "package",
                "ordering": ["name", "version"],
                "indexes": [
                    models.Index(
                        fields=["name", "version", "id"], name="servers_pac_name_ad8fd5_idx"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("manager", "name", "version", "architecture"),
                        name="package_version_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Server",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[("local", "Local"), ("push", "Push"), ("ssh", "Ssh")],
                        default="push",
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("ok", "in touch"),
                            ("partial", "read in part"),
                            ("silent", "Silent"),
                        ],
                        default="new",
                        editable=False,
                        max_length=8,
                    ),
                ),
                ("os_id", models.CharField(blank=True, max_length=40, verbose_name="OS")),
                (
                    "os_version",
                    models.CharField(blank=True, max_length=40, verbose_name="OS version"),
                ),
                ("os_name", models.CharField(blank=True, max_length=120, verbose_name="OS name")),
                ("kernel", models.CharField(blank=True, max_length=120)),
                ("architecture", models.CharField(blank=True, max_length=20)),
                ("virtualization", models.CharField(blank=True, max_length=20)),
                ("cpu_count", models.PositiveIntegerField(null=True, verbose_name="CPUs")),
                ("memory_bytes", models.BigIntegerField(null=True, verbose_name="memory")),
                ("booted_at", models.DateTimeField(null=True, verbose_name="booted")),
                ("needs_reboot", models.BooleanField(default=False)),
                ("security_updates", models.PositiveIntegerField(null=True)),
                ("facts_at", models.DateTimeField(null=True, verbose_name="facts of")),
                ("facts_hash", models.CharField(blank=True, editable=False, max_length=64)),
                ("errors", models.JSONField(default=list, editable=False)),
                ("wanted_at", models.DateTimeField(editable=False, null=True)),
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="server",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "ordering": ["item__name"],
            },
        ),
        migrations.CreateModel(
            name="Installed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "candidate",
                    models.CharField(
                        blank=True, help_text="The update that waits.", max_length=120
                    ),
                ),
                ("is_security", models.BooleanField(default=False)),
                ("waiting_since", models.DateTimeField(null=True)),
                (
                    "package",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="installed",
                        to="servers.packageversion",
                    ),
                ),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="installed",
                        to="servers.server",
                    ),
                ),
            ],
            options={
                "verbose_name": "installed package",
                "ordering": ["package__name"],
            },
        ),
        migrations.CreateModel(
            name="Filesystem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mount", models.CharField(max_length=300)),
                ("device", models.CharField(blank=True, max_length=300)),
                ("type", models.CharField(blank=True, max_length=20)),
                ("size_bytes", models.BigIntegerField(verbose_name="size")),
                ("used_bytes", models.BigIntegerField(verbose_name="used")),
                ("used_percent", models.FloatField(default=0)),
                ("inodes", models.BigIntegerField(null=True)),
                ("inodes_used", models.BigIntegerField(null=True)),
                ("options", models.CharField(blank=True, max_length=400)),
                ("days_left", models.FloatField(null=True, verbose_name="full in days")),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="filesystems",
                        to="servers.server",
                    ),
                ),
            ],
            options={
                "ordering": ["-used_percent"],
            },
        ),
        migrations.CreateModel(
            name="Facts",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("section", models.CharField(max_length=20)),
                ("content", models.JSONField(default=dict)),
                ("hash", models.CharField(editable=False, max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sections",
                        to="servers.server",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "facts",
                "ordering": ["section"],
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("uid", models.BigIntegerField()),
                ("shell", models.CharField(blank=True, max_length=120)),
                ("home", models.CharField(blank=True, max_length=200)),
                ("groups", models.JSONField(default=list)),
                ("is_locked", models.BooleanField(null=True, verbose_name="locked")),
                ("can_log_in", models.BooleanField(default=False)),
                (
                    "becomes_root",
                    models.CharField(blank=True, help_text="By which rule.", max_length=200),
                ),
                ("key_count", models.PositiveIntegerField(default=0, verbose_name="keys")),
                ("password_changed_on", models.DateField(null=True)),
                ("last_login_at", models.DateTimeField(null=True, verbose_name="last login")),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="accounts",
                        to="servers.server",
                    ),
                ),
            ],
            options={
                "verbose_name": "server account",
                "ordering": ["uid"],
            },
        ),
        migrations.CreateModel(
            name="SshHost",
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
                    "user",
                    models.CharField(
                        default="fullscore",
                        help_text="An account of its own, without privileges.",
                        max_length=80,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A(?:[A-Za-z_][A-Za-z0-9_.@\\\\-]*\\$?)\\Z",
                                "Give the name of an account.",
                            )
                        ],
                    ),
                ),
                (
                    "every_seconds",
                    models.PositiveIntegerField(
                        default=60,
                        help_text="Samples; facts are read every 15 minutes.",
                        validators=[
                            django.core.validators.MinValueValidator(15),
                            django.core.validators.MaxValueValidator(3600),
                        ],
                        verbose_name="Read every (seconds)",
                    ),
                ),
                (
                    "uses_sudo",
                    models.BooleanField(
                        default=False,
                        help_text="Where the lines of `fullscore server grants` stand in its sudoers.",
                        verbose_name="Use sudo",
                    ),
                ),
                ("public_key", models.CharField(blank=True, editable=False, max_length=800)),
                ("host_key", models.CharField(blank=True, editable=False, max_length=2000)),
                ("offered_key", models.CharField(blank=True, editable=False, max_length=2000)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "looking for its key"),
                            ("untrusted", "waits for trust"),
                            ("ok", "Ok"),
                            ("failing", "Failing"),
                            ("paused", "Paused"),
                        ],
                        default="new",
                        editable=False,
                        max_length=9,
                    ),
                ),
                ("failures", models.PositiveIntegerField(default=0, editable=False)),
                ("last_error", models.CharField(blank=True, editable=False, max_length=300)),
                (
                    "last_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="last read"),
                ),
                (
                    "last_took_ms",
                    models.PositiveIntegerField(
                        editable=False, null=True, verbose_name="took (ms)"
                    ),
                ),
                ("next_at", models.DateTimeField(editable=False, null=True)),
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
                        blank=True,
                        help_text="Leave it empty to make a host of this name.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ssh_host",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "verbose_name": "SSH host",
                "ordering": ["item__name"],
            },
        ),
        migrations.CreateModel(
            name="StoragePool",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.CharField(max_length=36, verbose_name="UUID")),
                ("type", models.CharField(blank=True, max_length=20)),
                ("path", models.CharField(blank=True, max_length=200)),
                ("capacity_bytes", models.BigIntegerField(default=0, verbose_name="capacity")),
                ("used_bytes", models.BigIntegerField(default=0, verbose_name="used")),
                ("used_percent", models.FloatField(default=0, verbose_name="used (%)")),
                (
                    "hypervisor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pools",
                        to="servers.hypervisor",
                    ),
                ),
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="storage_pool",
                        to="estate.item",
                    ),
                ),
            ],
            options={
                "verbose_name": "storage pool",
                "ordering": ["-used_percent"],
            },
        ),
        migrations.CreateModel(
            name="Unit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("load", models.CharField(blank=True, max_length=20)),
                ("active", models.CharField(blank=True, max_length=20)),
                ("sub", models.CharField(blank=True, max_length=20)),
                ("enabled", models.CharField(blank=True, max_length=20)),
                ("restarts", models.PositiveIntegerField(default=0)),
                ("result", models.CharField(blank=True, max_length=40)),
                ("since", models.DateTimeField(null=True)),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="units",
                        to="servers.server",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.AddConstraint(
            model_name="hypervisor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ok"), _negated=True),
                    models.Q(("memory_bytes__isnull", False), ("read_at__isnull", False)),
                    _connector="OR",
                ),
                name="hypervisor_read_says_what_it_is_made_of",
                violation_error_message="Read it first.",
            ),
        ),
        migrations.AddIndex(
            model_name="machine",
            index=models.Index(
                fields=["hypervisor", "state"], name="servers_mac_hypervi_5cd6a9_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="machine",
            constraint=models.UniqueConstraint(
                fields=("uuid",),
                name="machine_uuid_once",
                violation_error_message="Another machine has this UUID: one is a copy.",
            ),
        ),
        migrations.AddConstraint(
            model_name="machineact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["planned", "ordered"]),
                    models.Q(("ended_at__isnull", False), models.Q(("said", ""), _negated=True)),
                    _connector="OR",
                ),
                name="machine_act_over_says_how",
                violation_error_message="Say how it went.",
            ),
        ),
        migrations.AddConstraint(
            model_name="machineact",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "ordered")),
                fields=("machine",),
                name="machine_act_one_at_a_time",
                violation_error_message="Something is being done with this machine: wait for it.",
            ),
        ),
        migrations.AddConstraint(
            model_name="machinesnapshot",
            constraint=models.UniqueConstraint(
                fields=("machine", "name"), name="snapshot_once_per_machine"
            ),
        ),
        migrations.AddIndex(
            model_name="server",
            index=models.Index(fields=["facts_at", "id"], name="servers_ser_facts_a_9ef125_idx"),
        ),
        migrations.AddConstraint(
            model_name="installed",
            constraint=models.UniqueConstraint(
                fields=("server", "package"), name="installed_once_per_server"
            ),
        ),
        migrations.AddIndex(
            model_name="filesystem",
            index=models.Index(
                fields=["used_percent", "id"], name="servers_fil_used_pe_bc9840_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="filesystem",
            constraint=models.UniqueConstraint(
                fields=("server", "mount"), name="filesystem_once_per_mount"
            ),
        ),
        migrations.AddConstraint(
            model_name="facts",
            constraint=models.UniqueConstraint(
                fields=("server", "section"), name="facts_once_per_section"
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                fields=("server", "name"), name="account_once_per_server"
            ),
        ),
        migrations.AddIndex(
            model_name="sshhost",
            index=models.Index(fields=["next_at"], name="servers_ssh_next_at_7861e7_idx"),
        ),
        migrations.AddConstraint(
            model_name="sshhost",
            constraint=models.UniqueConstraint(
                fields=("address", "port"),
                name="ssh_host_once_per_address",
                violation_error_message="A host is read at this address already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="sshhost",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["ok", "failing"]), _negated=True),
                    models.Q(("host_key", ""), _negated=True),
                    _connector="OR",
                ),
                name="ssh_host_read_only_once_trusted",
                violation_error_message="Trust its key first.",
            ),
        ),
        migrations.AddConstraint(
            model_name="storagepool",
            constraint=models.UniqueConstraint(
                fields=("hypervisor", "uuid"), name="pool_once_per_hypervisor"
            ),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.UniqueConstraint(
                fields=("server", "name"), name="unit_once_per_server"
            ),
        ),
        migrations.CreateModel(
            name="Capacity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "until",
                    models.DateField(help_text="The last whole day.", verbose_name="known until"),
                ),
                ("days", models.PositiveSmallIntegerField(default=0, verbose_name="days known")),
                (
                    "cpu_p95",
                    models.FloatField(
                        help_text="Percent of all processors.", null=True, verbose_name="CPU p95"
                    ),
                ),
                (
                    "cpu_trend",
                    models.FloatField(
                        help_text="Percent points.", null=True, verbose_name="CPU a month"
                    ),
                ),
                ("cpu_days", models.FloatField(editable=False, null=True)),
                (
                    "cpu_reaches",
                    models.CharField(blank=True, max_length=24, verbose_name="CPU over 80 %"),
                ),
                (
                    "memory_p95",
                    models.FloatField(
                        help_text="Percent of all memory.", null=True, verbose_name="memory p95"
                    ),
                ),
                (
                    "memory_trend",
                    models.FloatField(
                        help_text="Percent points.", null=True, verbose_name="memory a month"
                    ),
                ),
                ("memory_days", models.FloatField(editable=False, null=True)),
                (
                    "memory_reaches",
                    models.CharField(blank=True, max_length=24, verbose_name="memory over 80 %"),
                ),
                (
                    "mount",
                    models.CharField(
                        blank=True,
                        help_text="The worst one.",
                        max_length=300,
                        verbose_name="filesystem",
                    ),
                ),
                (
                    "disk_used",
                    models.FloatField(
                        help_text="Percent of it.", null=True, verbose_name="disk used"
                    ),
                ),
                (
                    "disk_trend",
                    models.FloatField(
                        help_text="Percent points.", null=True, verbose_name="disk a month"
                    ),
                ),
                ("disk_days", models.FloatField(editable=False, null=True)),
                (
                    "disk_reaches",
                    models.CharField(blank=True, max_length=24, verbose_name="disk full"),
                ),
                (
                    "runs_out_of",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("cpu", "CPU"),
                            ("memory", "Memory"),
                            ("disk", "Disk"),
                            ("", "nothing"),
                        ],
                        max_length=6,
                        verbose_name="runs out of",
                    ),
                ),
                (
                    "runs_out_on",
                    models.DateField(
                        help_text="By the likely course.", null=True, verbose_name="runs out"
                    ),
                ),
                ("urgency", models.PositiveSmallIntegerField(default=0, editable=False)),
                (
                    "cpu_most",
                    models.FloatField(
                        help_text="The highest p95 of a day in 30, in percent.",
                        null=True,
                        verbose_name="busiest CPU",
                    ),
                ),
                (
                    "network_most",
                    models.FloatField(
                        help_text="The highest mean of a day in 30, bytes a second.",
                        null=True,
                        verbose_name="busiest network",
                    ),
                ),
                (
                    "quiet_days",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Of how many of the last 30 days both are known.",
                        verbose_name="of days",
                    ),
                ),
                (
                    "tried",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Days that were forecast from two weeks before.",
                        verbose_name="days tried",
                    ),
                ),
                ("inside", models.PositiveIntegerField(default=0, verbose_name="inside the band")),
                (
                    "server",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="capacity",
                        to="servers.server",
                    ),
                ),
            ],
            options={
                "verbose_name": "capacity",
                "verbose_name_plural": "capacity",
                "ordering": ["-urgency"],
                "indexes": [
                    models.Index(fields=["urgency", "id"], name="servers_cap_urgency_7ac8a3_idx"),
                    models.Index(fields=["cpu_p95", "id"], name="servers_cap_cpu_p95_27199d_idx"),
                    models.Index(
                        fields=["memory_p95", "id"], name="servers_cap_memory__2e7c8d_idx"
                    ),
                    models.Index(fields=["disk_used", "id"], name="servers_cap_disk_us_99b9fc_idx"),
                    models.Index(
                        fields=["runs_out_on", "id"], name="servers_cap_runs_ou_0ba56a_idx"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("inside__lte", models.F("tried"))),
                        name="capacity_inside_of_tried",
                        violation_error_message="No more can lie inside the band than was tried.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("runs_out_of", ""), ("runs_out_on__isnull", True)),
                            models.Q(
                                models.Q(("runs_out_of", ""), _negated=True),
                                ("runs_out_on__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="capacity_says_what_runs_out",
                        violation_error_message="Say what runs out, and when.",
                    ),
                ],
            },
        ),
        migrations.AlterModelOptions(
            name="account",
            options={
                "ordering": ["uid"],
                "permissions": [("decide_account", "Can say whose the logins of servers are")],
                "verbose_name": "server account",
            },
        ),
        migrations.AddField(
            model_name="account",
            name="person",
            field=models.ForeignKey(
                help_text="Whose it is, as is known by its name.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="server_accounts",
                to="directory.person",
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="purpose",
            field=models.CharField(blank=True, max_length=200, verbose_name="what for"),
        ),
        migrations.CreateModel(
            name="KnownLogin",
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
                        help_text="As in /etc/passwd.", max_length=80, verbose_name="login"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        blank=True,
                        help_text="What it is for, when it is nobody's own.",
                        max_length=200,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        help_text="Whose it is; empty for a login of a program.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="known_logins",
                        to="directory.person",
                    ),
                ),
                (
                    "server",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: wherever it is found.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="known_logins",
                        to="servers.server",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("name", "server"),
                        name="known_login_once_per_server",
                        violation_error_message="This login of the server is known already.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("server__isnull", True)),
                        fields=("name",),
                        name="known_login_once",
                        violation_error_message="This login is known already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("person__isnull", False), ("purpose", "")),
                            models.Q(
                                ("person__isnull", True), models.Q(("purpose", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="known_login_says_whose_or_what_for",
                        violation_error_message="Say whose it is or what it is for: one of the two.",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="account",
            name="full_name",
            field=models.CharField(blank=True, help_text="As in /etc/passwd.", max_length=120),
        ),
        migrations.CreateModel(
            name="AccountKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("type", models.CharField(blank=True, max_length=60)),
                ("bits", models.PositiveIntegerField(null=True)),
                ("fingerprint", models.CharField(max_length=100)),
                (
                    "comment",
                    models.CharField(blank=True, help_text="As its maker left it.", max_length=200),
                ),
                (
                    "options",
                    models.CharField(
                        blank=True, help_text="What it is limited to.", max_length=400
                    ),
                ),
                ("file", models.CharField(blank=True, max_length=300)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="keys",
                        to="servers.account",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        help_text="Whose it is, by its comment; else whose the login is.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="server_keys",
                        to="directory.person",
                    ),
                ),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="account_keys",
                        to="servers.server",
                    ),
                ),
            ],
            options={
                "verbose_name": "account key",
                "ordering": ["fingerprint"],
                "indexes": [
                    models.Index(
                        fields=["fingerprint", "id"], name="servers_acc_fingerp_b2eab0_idx"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "fingerprint"), name="key_once_per_account"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Disk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("size_bytes", models.BigIntegerField(default=0, verbose_name="size")),
                ("is_rotational", models.BooleanField(null=True, verbose_name="rotating")),
                ("model", models.CharField(blank=True, max_length=120)),
                ("serial", models.CharField(blank=True, max_length=120)),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="disks",
                        to="servers.server",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("server", "name"), name="disk_once_per_server")
                ],
            },
        ),
        migrations.CreateModel(
            name="SudoRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "who",
                    models.CharField(
                        help_text="Logins; groups with a percent sign.", max_length=400
                    ),
                ),
                ("hosts", models.CharField(blank=True, max_length=200)),
                ("run_as", models.CharField(blank=True, max_length=200)),
                (
                    "tags",
                    models.CharField(blank=True, help_text="Such as NOPASSWD.", max_length=120),
                ),
                ("commands", models.TextField(blank=True)),
                (
                    "gives_root",
                    models.BooleanField(default=False, verbose_name="everything as root"),
                ),
                ("file", models.CharField(max_length=300)),
                ("line", models.PositiveIntegerField(default=0)),
                ("part", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sudo_rules",
                        to="servers.server",
                    ),
                ),
            ],
            options={
                "verbose_name": "sudo rule",
                "ordering": ["file", "line", "part"],
                "indexes": [models.Index(fields=["who", "id"], name="servers_sud_who_d6591b_idx")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("server", "file", "line", "part"), name="sudo_rule_once_per_line"
                    )
                ],
            },
        ),
    ]
