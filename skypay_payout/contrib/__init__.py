"""What comes after ``receive``: stores and metrics, each named after the library whose users it serves.

Nothing in ``skypay_payout`` itself imports it.
"""
