"""What people and the worker do with domains, one verb each."""
