"""``python -m skypay_payout``: the command ``skypay-payout``."""

import sys

from skypay_payout._command import main

sys.exit(main())
