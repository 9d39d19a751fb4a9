"""The callback's exact path, and the admin for people."""

from django.contrib import admin
from django.urls import path

from skypay_payout.contrib.django.views import payout_callback

urlpatterns = [path("callback", payout_callback), path("admin/", admin.site.urls)]
