from django.db import migrations, models

import skypay_payout.contrib.django._fields


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "control_number",
                    skypay_payout.contrib.django._fields.KeyField(db_index=True, max_length=15),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("UPLOADED", "UPLOADED"),
                            ("PAID", "PAID"),
                            ("CANCELLED", "CANCELLED"),
                            ("FAILED", "FAILED"),
                            ("CONFLICTING", "CONFLICTING"),
                        ],
                        max_length=16,
                    ),
                ),
                ("opposing", models.PositiveIntegerField()),
                ("who", skypay_payout.contrib.django._fields.JsonField()),
                ("why", skypay_payout.contrib.django._fields.JsonField()),
                ("decided_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["due_at", "id"], name="skypay_decision_due")],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "digest",
                    skypay_payout.contrib.django._fields.KeyField(
                        max_length=64, primary_key=True, serialize=False
                    ),
                ),
                ("idempotency_key", skypay_payout.contrib.django._fields.KeyField(max_length=50)),
                (
                    "control_number",
                    skypay_payout.contrib.django._fields.KeyField(db_index=True, max_length=15),
                ),
                ("event", skypay_payout.contrib.django._fields.JsonField()),
                ("received_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["due_at", "digest"], name="skypay_event_due")],
            },
        ),
        migrations.CreateModel(
            name="Payout",
            fields=[
                (
                    "control_number",
                    skypay_payout.contrib.django._fields.KeyField(
                        max_length=15, primary_key=True, serialize=False
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("UPLOADED", "UPLOADED"),
                            ("PAID", "PAID"),
                            ("CANCELLED", "CANCELLED"),
                            ("FAILED", "FAILED"),
                            ("CONFLICTING", "CONFLICTING"),
                        ],
                        max_length=16,
                        null=True,
                    ),
                ),
                ("anomalies", skypay_payout.contrib.django._fields.JsonField(default=list)),
                ("quarantined", models.PositiveIntegerField(default=0)),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("UPLOADED", "UPLOADED"),
                            ("PAID", "PAID"),
                            ("CANCELLED", "CANCELLED"),
                            ("FAILED", "FAILED"),
                            ("CONFLICTING", "CONFLICTING"),
                        ],
                        max_length=16,
                        null=True,
                    ),
                ),
                ("reference_number", skypay_payout.contrib.django._fields.JsonField(null=True)),
                ("fail_description", skypay_payout.contrib.django._fields.JsonField(null=True)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField(db_index=True)),
                ("version", models.PositiveIntegerField(default=0)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("acted_version", models.PositiveIntegerField(default=0)),
                ("acted_state", models.TextField(null=True)),
                ("act_due_at", models.DateTimeField(null=True)),
                ("act_claim", models.CharField(max_length=32, null=True)),
                ("act_attempts", models.PositiveIntegerField(default=0)),
                ("act_failed_at", models.DateTimeField(db_index=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["act_attempts", "act_due_at", "control_number"], name="skypay_payout_act"
                    ),
                    models.Index(fields=["status", "decision", "changed_at"], name="skypay_payout_open"),
                ],
            },
        ),
        migrations.CreateModel(
            name="QuarantinedCallback",
            fields=[
                (
                    "digest",
                    skypay_payout.contrib.django._fields.KeyField(
                        max_length=64, primary_key=True, serialize=False
                    ),
                ),
                (
                    "control_number",
                    skypay_payout.contrib.django._fields.KeyField(db_index=True, max_length=15, null=True),
                ),
                ("payload", skypay_payout.contrib.django._fields.JsonField()),
                ("errors", skypay_payout.contrib.django._fields.JsonField()),
                ("received_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(db_index=True, null=True)),
                (
                    "resolution",
                    models.CharField(
                        choices=[("accepted", "Accepted"), ("dismissed", "Dismissed")],
                        max_length=16,
                        null=True,
                    ),
                ),
                ("who", skypay_payout.contrib.django._fields.JsonField(null=True)),
                ("why", skypay_payout.contrib.django._fields.JsonField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["due_at", "digest"], name="skypay_quarantine_due")],
            },
        ),
    ]
