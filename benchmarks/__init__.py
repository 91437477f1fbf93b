"""What `make bench` runs: every figure beside its peer, in the same run, on both databases."""
