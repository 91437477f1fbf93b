"""Work on more files and hashes than one machine should do: object storage, and a cluster."""
