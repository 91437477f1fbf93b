"""What pages, exports and the publisher read."""
