"""Other people's wire formats, read into the values of `formats.record`.

Pure: bytes in, values out. No Django, no I/O, no clock.
"""
