"""The Django project has tests of its own, with its own settings: tests/integration runs them."""

collect_ignore = ["conf.py", "_ext", "examples"]
