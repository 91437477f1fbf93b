"""Set-based writing and reading for every room that keeps millions of rows."""
