"""Settings for the tests."""

import os

os.environ.setdefault("DJANGO_SECRET_KEY", "for tests only")

from .settings import *  # noqa: F403

# Fast, for the tests' users.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
