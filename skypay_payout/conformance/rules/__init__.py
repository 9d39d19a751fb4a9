"""The rules, one module for each section of the report. Importing them fills ``RULES``, in this order."""

from . import statuses  # isort: split

from . import fields  # isort: split

from . import texts  # isort: split

from . import json  # isort: split

from . import wire  # isort: split

from . import quarantine  # isort: split

from . import rotation  # isort: split

from . import at_once  # isort: split

from . import sender  # isort: split

from . import not_a_callback  # isort: split

from . import responses  # isort: split

from . import clock  # isort: split

from . import stored
from .responses import ALIVE, ANY

__all__ = [
    "ALIVE",
    "ANY",
    "at_once",
    "clock",
    "fields",
    "json",
    "not_a_callback",
    "quarantine",
    "responses",
    "rotation",
    "sender",
    "statuses",
    "stored",
    "texts",
    "wire",
]
