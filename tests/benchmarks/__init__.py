"""How fast the library is, and how fast others are at the same job: ``python -m tests.benchmarks``."""
