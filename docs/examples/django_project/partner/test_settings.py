"""Settings for the tests: the test kit's account and key."""

import os

from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME

os.environ |= {
    "DJANGO_SECRET_KEY": "for tests only",
    "SKYPAY_USER_NAME": USER_NAME,
    "SKYPAY_AUTHENTICATION": AUTHENTICATION,
    "SKYPAY_ENCRYPTION_KEY": ENCRYPTION_KEY,
}

from .settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast, for the tests' users
