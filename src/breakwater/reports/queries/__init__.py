"""What other rooms and the pages may ask of reports."""
