"""Hashes of files, and search among millions of them: exact, without the desk and without Django."""
