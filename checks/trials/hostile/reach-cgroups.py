#!/usr/bin/env python3
# Hostile: tries to get at the machine's control groups, and at the limits of its own sandbox. Exits with the number of
# ways that were open. Where something can be written, what stood there is written.
import ctypes
import os
import sys

MNT_DETACH = 2
libc = ctypes.CDLL(None, use_errno=True)
reached = []
place = os.path.abspath("place")
os.mkdir(place)


def attempt(name, way):
    try:
        if way() is not False:
            reached.append(name)
            print(f"reached: {name}", flush=True)
    except OSError as error:
        print(f"refused: {name}: {error.strerror}", flush=True)


def with_hierarchy(options, use, kind="cgroup"):
    if libc.mount(b"none", place.encode(), kind.encode(), 0, options and options.encode()) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    try:
        return use(place)
    finally:
        libc.umount2(place.encode(), MNT_DETACH)


def can_write(path):
    os.close(os.open(path, os.O_WRONLY))


def rewritten(path):
    with open(path) as file:
        old = file.read().strip()
    with open(path, "w") as file:
        file.write(old)


def grown(path):
    """Whether a limit could be raised: a write of what it is asks the same, and changes nothing."""
    return os.path.exists(path) and rewritten(path)


def makes_group(folder):
    path = f"{folder}/hostile.{os.getpid()}"
    os.mkdir(path)
    os.rmdir(path)


def climbs(folder):
    """Above the root of a cgroup namespace there is nothing to be seen."""
    return can_write(f"{folder}/../cgroup.procs")


lines = [line.strip().split(":", 2) for line in open("/proc/self/cgroup")]
# The sandbox has hierarchies of its own: a second mount of one of those shows the same groups.
kinds = [kind for _, kind, _ in lines if kind and not os.path.exists(f"/sys/fs/cgroup/{kind}/cgroup.procs")]
OTHERS = [("none," if kind.startswith("name=") else "") + kind for kind in kinds]
for options in OTHERS:
    attempt(f"a group in {options}", lambda: with_hierarchy(options, makes_group))
    for file in ("cgroup.procs", "release_agent", "notify_on_release"):
        attempt(f"{file} of {options}", lambda: with_hierarchy(options, lambda at: can_write(f"{at}/{file}")))
attempt("a new hierarchy", lambda: with_hierarchy("none,name=hostile", lambda at: can_write(f"{at}/release_agent")))
attempt("devices.allow", lambda: with_hierarchy("devices", lambda at: can_write(f"{at}/devices.allow")))
for kind in ("memory", "freezer", "pids"):
    attempt(f"release_agent of {kind}", lambda: can_write(f"/sys/fs/cgroup/{kind}/release_agent"))
    attempt(f"above {kind}", lambda: climbs(f"/sys/fs/cgroup/{kind}"))
LIMITS = ("pids/pids.max", "memory/memory.limit_in_bytes", "memory/memory.oom_control", "freezer/freezer.state")
OWN = ("pids.max", "memory.max", "memory.swap.max", "cgroup.freeze", "cgroup.kill")
for limit in (*LIMITS, *OWN, *(f"unified/{name}" for name in OWN)):
    attempt(f"its own {limit}", lambda: can_write(f"/sys/fs/cgroup/{limit}"))
for limit in LIMITS[:2]:
    attempt(f"a new value of {limit}", lambda: grown(f"/sys/fs/cgroup/{limit}"))
attempt("a group outside of its own view", lambda: any(path.startswith("/..") for _, _, path in lines))
sys.exit(min(len(reached), 255))
