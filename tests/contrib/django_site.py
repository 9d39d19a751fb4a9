"""Django, set up for these tests: a project with the app, whose database each test chooses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django
import pymysql  # type: ignore[import-untyped]
from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.db import connections
from django.urls import path
from sqlalchemy import make_url

MEMORY = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
APP = "skypay_payout.contrib.django"
ADMIN = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


class Router:
    """The app's tables are in the database that ``choose`` was told; a replica would be behind."""

    alias = "default"

    def db_for_write(self, model: Any, **_: object) -> str | None:
        return self.alias if model._meta.app_label == "skypay_payout" else None

    def db_for_read(self, model: Any, **_: object) -> str | None:
        return None if self.alias == "default" else "replica"


# Django wants the version of mysqlclient, which has to be compiled.
pymysql.version_info = (2, 2, 8, "final", 0)
pymysql.install_as_MySQLdb()
if not settings.configured:
    settings.configure(
        SECRET_KEY="for tests only",
        ALLOWED_HOSTS=["*"],
        INSTALLED_APPS=[APP, *ADMIN],
        DATABASES={"default": MEMORY, "payouts": {}, "replica": {}},
        DATABASE_ROUTERS=["tests.contrib.django_site.Router"],
        MIDDLEWARE=MIDDLEWARE,
        TEMPLATES=TEMPLATES,
        ROOT_URLCONF="tests.contrib.django_site",
        STATIC_URL="/static/",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    )
    django.setup()

from skypay_payout.contrib.django.views import payout_callback  # noqa: E402  needs settings

urlpatterns = [path("callback", payout_callback), path("admin/", admin.site.urls)]


def options(url: str) -> dict[str, Any]:
    """Django's settings for the database of that URL, as SQLAlchemy understands it."""
    parts = make_url(url)
    name = parts.database or ""
    if parts.get_backend_name() == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name,
            "OPTIONS": {
                "timeout": 5,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
            },
        }
    server = {
        "NAME": name,
        "USER": parts.username,
        "HOST": parts.host or parts.query.get("host") or parts.query.get("unix_socket"),
        "PORT": parts.port or "",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
    waits = {"connect_timeout": 3}
    if parts.get_backend_name() == "postgresql":
        waits |= {"tcp_user_timeout": 3000, "keepalives_idle": 5}
        return server | {"ENGINE": "django.db.backends.postgresql", "OPTIONS": waits}
    waits |= {"read_timeout": 3, "write_timeout": 3, "ssl_disabled": True}
    return server | {"ENGINE": "django.db.backends.mysql", "OPTIONS": waits}


def choose(database: dict[str, Any], alias: str = "default") -> None:
    """Have Django use that database from now on; with another alias, for the app's tables only."""
    close()
    Router.alias = alias
    connections.settings.update(connections.configure_settings({"default": {}, alias: database}))


def use(database: dict[str, Any], *apps: str, alias: str = "default") -> None:
    """Have Django use that database from now on, and make the tables of those apps, or of all."""
    choose(database, alias)
    for app in apps or [None]:
        call_command("migrate", *filter(None, [app]), database=alias, verbosity=0)


def close() -> None:
    """Close this thread's connections."""
    connections.close_all()
    for alias in connections:
        connections[alias]  # made, or there is nothing to delete
        del connections[alias]


def sqlite(directory: Path) -> dict[str, Any]:
    """Settings of a new file in the directory."""
    return options(f"sqlite:///{directory}/db.sqlite3")
