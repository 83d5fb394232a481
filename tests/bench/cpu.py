"""CPU and memory of a process and its descendants, from /proc.

The kernel derives the times from each thread's precise run time, so a sum is good to one tick (10 ms).
"""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1024 * 1024


def _fields(pid: int) -> list[bytes]:
    raw = Path(f"/proc/{pid}/stat").read_bytes()
    # The command may hold spaces and parentheses: the fields start after the last one.
    return raw[raw.rindex(b")") + 2 :].split()


def family(root: int) -> list[int]:
    """The process and every live descendant."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                children.setdefault(int(_fields(int(entry.name))[1]), []).append(int(entry.name))
            except (OSError, ValueError, IndexError):
                continue
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def seconds(root: int) -> float:
    """User and system time, children that were waited for included."""
    total = 0
    for pid in family(root):
        try:
            total += sum(map(int, _fields(pid)[11:15]))
        except OSError:
            continue
    return total / TICKS


def resident_mib(root: int) -> float:
    total = 0
    for pid in family(root):
        try:
            total += int(_fields(pid)[21])
        except OSError:
            continue
    return total * PAGE / MIB


def machine() -> str:
    """The processor, the number of cores and the memory, in words."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        "unknown processor",
    )
    kib = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    return f"{os.cpu_count()} × {model}, {kib / MIB:.0f} GiB, Linux {os.uname().release}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
