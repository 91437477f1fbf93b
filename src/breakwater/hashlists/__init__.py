"""Lists of known hashes: who says what of a hash, imported, pulled, published and looked up."""
