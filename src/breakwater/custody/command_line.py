"""Who works on the command line: for the log, where no account is signed in."""

import os
import pwd


def typist() -> str:
    """The user as the system knows it; variables such as USER say whatever somebody wants."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"uid {os.getuid()}"  # in a container a user need not have a name
    return f"{name} (command line)"
