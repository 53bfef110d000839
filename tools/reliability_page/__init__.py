"""The page tests/RELIABILITY.md: what the tests measured, row by row of tests/reliability/rows.yaml."""
