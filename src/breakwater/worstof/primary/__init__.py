"""The hidden primary that providers transfer the zone from, and what they run on their side."""
