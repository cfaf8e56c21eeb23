"""What an input costs this machine: processor time and memory, as the system counts them.

The work is done in a child, whose own imports are not counted, and its workers are.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_CHILD = """
import importlib, json, resource, sys
from core.errors import BlobscopeError
from core.sandbox.worker import end_idle
module, name = sys.argv[1:]
work = getattr(importlib.import_module(module), name)
data = sys.stdin.buffer.read()
def most():
    # ru_maxrss begins with that of the parent, which has made the input
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
begun, least = resource.getrusage(resource.RUSAGE_SELF), most()
try:
    sentence = str(work(data))
except BlobscopeError as error:
    sentence = str(error)
end_idle()
ours = resource.getrusage(resource.RUSAGE_SELF)
theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu = ours.ru_utime + ours.ru_stime - begun.ru_utime - begun.ru_stime
peak = most() - least
print(json.dumps({
    "cpu_seconds": cpu + theirs.ru_utime + theirs.ru_stime,
    "peak_mb": (peak + theirs.ru_maxrss) / 1024,
    "sentence": sentence,
}))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What came of an input.

    Attributes:
        cpu_seconds: of processor time, of all threads and workers.
        peak_mb: of memory (2 to the 20 bytes): what the process gained, and its largest worker.
        sentence: what a visitor reads.
    """

    cpu_seconds: float
    peak_mb: float
    sentence: str


def cost(work: str, data: bytes) -> Cost:
    """Do some work on some bytes in a process of its own.

    Args:
        work: a function of bytes, as ``module:name``; what it returns is the sentence, or
            the error that it raises.
        data: the bytes.
    """
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, *work.split(":")],
        input=data,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        check=True,
        timeout=600,
    )
    return Cost(**json.loads(done.stdout))
