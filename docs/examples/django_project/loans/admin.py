"""Loans in the admin."""

from django.contrib import admin

from .models import Loan

admin.site.register(
    Loan,
    list_display=("control_number", "state"),
    search_fields=("control_number",),
)
