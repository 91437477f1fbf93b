"""Deaths of a process: one inside a test, and code for a child that dies at a named step."""


class Killed(BaseException):
    """Stands for a kill where the process has to go on: nothing of ours catches it."""


# argv[1:4]: the step, at the how manyth time, and how the folder's name ends. Half written: the system
# kills at a file's size. Untold: the file has its name, but nobody was told.
DIE_AT = """
import os, resource, signal, sys
step, times, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]

def is_there(event, details):
    if step == "half written":
        return event == "open" and str(details[0]).endswith(".part")
    if step == "without its name":
        return event == "os.rename" and str(details[0]).endswith(".part")
    return event == "open" and str(details[0]).endswith(folder)

def die(event, details):
    global times
    if event not in ("open", "os.rename") or not is_there(event, details):
        return
    times -= 1
    if times == 0 and step == "half written":
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
    elif times == 0:
        os.kill(os.getpid(), signal.SIGKILL)

if step:
    sys.addaudithook(die)
"""
# The steps, with how many unfinished files each leaves.
STEPS = {"half written": 1, "without its name": 1, "untold": 0}
