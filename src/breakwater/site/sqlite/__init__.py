"""SQLite, for Django."""
