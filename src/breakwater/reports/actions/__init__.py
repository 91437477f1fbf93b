"""What the desk does with reports: one function per verb, one transaction each."""
