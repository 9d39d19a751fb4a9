"""Columns that mean the same on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class KeyField(models.CharField):
    """A text in ASCII that is compared case-sensitively, whatever the database's own collation is."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002
        """Use the long name: for "varchar", Django on PostgreSQL makes a second index for LIKE."""
        return f"character varying({self.max_length})"

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        """Name the collation where one is needed."""
        collation = "utf8mb4_bin" if connection.vendor == "mysql" else None
        return {**super().db_parameters(connection), "collation": collation}


class JsonField(models.TextField):
    """A JSON value, stored as text in ASCII, which no database rejects, whatever its encoding is."""

    _pyi_private_set_type: Any  # for the type checker's plugin
    _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, *_: object) -> Any:
        """Return the value."""
        return None if value is None else json.loads(value)

    def get_prep_value(self, value: Any) -> str:
        """Return the text."""
        return json.dumps(value)
