"""Looks at Codat and what was taken over from there; which accounts were."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bankfeeds", "0007_due_by_day"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="sourceaccount",
            name="adopted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="sourceaccount",
            name="written_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.CreateModel(
            name="Look",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("form_key", models.CharField(editable=False, max_length=60, unique=True)),
                ("asked_at", models.DateTimeField(verbose_name="asked")),
                ("asked_by", models.CharField(max_length=150, verbose_name="by")),
                ("next_page", models.PositiveIntegerField(default=1)),
                ("total", models.PositiveIntegerField(default=0)),
                ("problem", models.TextField(blank=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("next_turn_at", models.DateTimeField(blank=True, null=True)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-asked_at", "-id"),
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="FoundCompany",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("codat_id", models.UUIDField()),
                ("name", models.CharField(max_length=200)),
                (
                    "found_as",
                    models.CharField(
                        choices=[
                            ("unread", "Not looked at yet"),
                            ("new", "New here"),
                            ("more", "Known here, but not all of it"),
                            ("differs", "Known here by another name"),
                            ("known", "Known here"),
                            ("not_ours", "Cannot be taken"),
                            ("unreadable", "Could not be read"),
                        ],
                        default="unread",
                        max_length=12,
                    ),
                ),
                ("words", models.TextField(blank=True)),
                ("status", models.CharField(blank=True, max_length=50)),
                ("accounts", models.JSONField(default=list)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("waiting", "Waiting its turn"),
                            ("adopted", "Adopted"),
                            ("nothing", "Nothing was new"),
                            ("failed", "Not adopted"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        blank=True,
                        choices=[("US", "United States"), ("CA", "Canada")],
                        max_length=2,
                    ),
                ),
                ("chosen_by", models.CharField(blank=True, max_length=150)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "chosen_by_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bankfeeds.company",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "look",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="found",
                        to="bankfeeds.look",
                    ),
                ),
            ],
            options={
                "ordering": ("id",),
                "default_permissions": (),
            },
        ),
        migrations.AddIndex(
            model_name="look",
            index=models.Index(
                condition=models.Q(("next_turn_at__isnull", False)),
                fields=["next_turn_at"],
                name="look_next_turn",
            ),
        ),
        migrations.AddConstraint(
            model_name="foundcompany",
            constraint=models.UniqueConstraint(
                fields=("look", "codat_id"), name="a_company_once_in_a_look"
            ),
        ),
    ]
