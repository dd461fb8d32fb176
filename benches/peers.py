"""What the scripts that race our programs against their peers share."""
import os
import subprocess
import time

THREADS = 2


class Server:
    """Our program, which works when told to."""

    def __init__(self, *command):
        environment = {**os.environ, "RAYON_NUM_THREADS": str(THREADS)}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout.readline().strip() == "ready"

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return [float(word) for word in self.process.stdout.readline().split()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def timed(run):
    """A function that runs so many times and returns the milliseconds of each."""
    def times(n):
        result = []
        for _ in range(n):
            begun = time.perf_counter()
            run()
            result.append((time.perf_counter() - begun) * 1e3)
        return result
    return times


def peak_mb():
    # Not getrusage: a process inherits its parent's peak there.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 / 1e6 for line in status if line.startswith("VmHWM"))
