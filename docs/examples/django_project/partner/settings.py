"""Settings of the project. What differs between installations comes from the environment."""

import os
from pathlib import Path
from typing import Any

from skypay_payout import CallbackParser

BASE_DIR = Path(__file__).parent.parent
SKYPAY_PARSER = CallbackParser.from_environ()

SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
ALLOWED_HOSTS = os.environ.get("DJANGO_ALLOWED_HOSTS", "127.0.0.1").split(",")
DEBUG = "DJANGO_DEBUG" in os.environ  # to try it out with "manage.py runserver", never in production
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # nginx sets it, whatever a client sends
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
ROOT_URLCONF = "partner.urls"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "payouts",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
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
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static"
USE_TZ = True
TIME_ZONE = "Asia/Manila"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}

# Every wait for the database ends within a few seconds: SkyPay gets a 500 then, and nothing was acknowledged.
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
        "OPTIONS": {
            "timeout": 3,
            "transaction_mode": "IMMEDIATE",  # a transaction that reads first and locks later fails at once
            "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
        },
    }
}
if "PGDATABASE" in os.environ:  # host, user and password too come from libpq's variables
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["PGDATABASE"],
        "OPTIONS": {
            "connect_timeout": 3,
            "tcp_user_timeout": 3000,
            "options": "-c lock_timeout=2s -c statement_timeout=3s -c idle_in_transaction_session_timeout=9s",
        },
    }
