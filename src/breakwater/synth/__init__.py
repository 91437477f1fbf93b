"""The synthetic world: reports that look like the real stream and can belong to nobody."""
