"""Draws figures: charts, maps, their tables and files. Knows of no room."""
