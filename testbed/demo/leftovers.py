"""What a finished run may have left on the machine: mounts, loop devices, namespaces. Loop devices of the run are released."""
import os
import subprocess
import time

from testbed.lab import Lab


def _loop_devices(below):
    """(device, file) of loop devices whose file lies, or lay, below a folder."""
    found = []
    for name in sorted(os.listdir("/sys/block")):
        try:
            with open("/sys/block/%s/loop/backing_file" % name) as file:
                backing = file.read().strip()
        except OSError:
            continue
        if backing.startswith(below + os.sep):
            found.append(("/dev/" + name, backing))
    return found


def leftovers(directory, lab, patience_s=5):
    """Lines that name what is left; empty after a clean end. The kernel takes mounts down a moment after their last process."""
    below, end = os.path.abspath(directory), time.monotonic() + patience_s
    while _loop_devices(below) and time.monotonic() < end:
        time.sleep(0.1)
    with open("/proc/self/mounts") as file:
        lines = ["left mounted: " + line.split()[1] for line in file if line.split()[1].startswith(below + os.sep)]
    for device, backing in _loop_devices(below):
        lines.append("left attached: %s (%s)" % (device, backing))
        subprocess.run(["losetup", "-d", device], stdin=subprocess.DEVNULL, capture_output=True)
    if os.geteuid() == 0:
        lines += ["left standing: namespace " + name for name in Lab.namespaces_of(lab)]
    return lines
