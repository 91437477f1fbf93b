"""`python -m breakwater.matching PATH…` hashes files where there is no desk."""

from breakwater.matching.commands import app

if __name__ == "__main__":
    app(prog_name="python -m breakwater.matching")
