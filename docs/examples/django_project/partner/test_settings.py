"""Settings for the tests."""

import os

os.environ.setdefault("DJANGO_SECRET_KEY", "for tests only")

from .settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast, for the tests' users
