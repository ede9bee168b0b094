#!/usr/bin/env python3
# Hostile: tries to get at the machine's files, devices and mounts. Exits with the number of ways that were open.
# Whatever it opens it closes again, untouched.
import ctypes
import glob
import os
import stat
import struct
import sys

MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 0x20, 0x1000, 0x4000, 0x40000
CLONE_NEWNS, MNT_DETACH, AT_FDCWD = 0x20000, 2, -100
libc = ctypes.CDLL(None, use_errno=True)
reached = []
place = os.path.abspath("place")
os.mkdir(place)


def checked(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def attempt(name, way):
    try:
        if way() is not False:
            reached.append(name)
            print(f"reached: {name}", flush=True)
    except OSError as error:
        print(f"refused: {name}: {error.strerror}", flush=True)


def mount(source, target, kind, flags=0, options=None):
    names = [name and name.encode() for name in (source, target, kind)]
    checked(libc.mount(*names, flags, options and options.encode()))


def can_open(path, flags=os.O_WRONLY):
    os.close(os.open(path, flags))


def with_mount(kind, use):
    mount("none", place, kind)
    try:
        return use()
    finally:
        libc.umount2(place.encode(), MNT_DETACH)


def disks():
    names = sorted(os.listdir("/sys/class/block"))
    return [(name, tuple(map(int, open(f"/sys/class/block/{name}/dev").read().split(":")))) for name in names[:3]]


def made_device(kind, numbers, folder, flags):
    path = f"{folder}/hostile.{os.getpid()}"
    os.mknod(path, kind | 0o600, os.makedev(*numbers))
    try:
        can_open(path, flags)
    finally:
        os.unlink(path)


def writable_below(folder, names):
    found = [name for name in names if os.path.exists(f"{folder}/{name}")]
    for name in found:
        try:
            can_open(f"{folder}/{name}")
            return True
        except OSError:
            pass
    raise PermissionError(13, "none can be opened for writing")


def uncovered(target, is_sandboxs_own):
    """Takes off a mount, in a mount namespace of its own, to see what lies below."""
    child = os.fork()
    if child == 0:
        try:
            checked(libc.unshare(CLONE_NEWNS))
            mount("none", "/", None, MS_REC | MS_PRIVATE)
            while libc.umount2(target.encode(), MNT_DETACH) == 0:
                if not is_sandboxs_own():
                    os._exit(1)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def by_handle(path):
    """The handle of a file names its inode, not its path: on the machine's file system it opens the machine's file."""
    handle, mount_id = struct.pack("Ii128x", 128, 0), ctypes.c_int()
    buffer = ctypes.create_string_buffer(handle, len(handle))
    checked(libc.name_to_handle_at(AT_FDCWD, path.encode(), buffer, ctypes.byref(mount_id), 0))
    near = os.open(path, os.O_RDONLY)
    file = checked(libc.open_by_handle_at(near, buffer, os.O_RDONLY))
    is_lower = os.fstat(file).st_dev != os.stat(path).st_dev
    os.close(file)
    return is_lower


def remounted(target):
    mount("none", target, None, MS_REMOUNT | MS_BIND)
    try:
        return os.access(target, os.W_OK)
    finally:
        mount("none", target, None, MS_REMOUNT | MS_BIND | MS_RDONLY)


def mode_of_null():
    mode = stat.S_IMODE(os.stat("/dev/null").st_mode)
    os.chmod("/dev/null", mode)


SYSTEM = ("power/state", "kernel/uevent_helper", "kernel/mm/ksm/run", "kernel/profiling")
PATTERN = "/proc/sys/kernel/core_pattern"
KNOBS = ("kernel/core_pattern", "kernel/modprobe", "kernel/hotplug", "vm/panic_on_oom", "fs/binfmt_misc/register")
attempt("devtmpfs", lambda: with_mount("devtmpfs", lambda: None))
attempt("debugfs", lambda: with_mount("debugfs", lambda: None))
attempt("tracefs", lambda: with_mount("tracefs", lambda: None))
attempt("securityfs", lambda: with_mount("securityfs", lambda: None))
attempt("pstore", lambda: with_mount("pstore", lambda: None))
attempt("a sysfs to be written", lambda: with_mount("sysfs", lambda: writable_below(place, SYSTEM)))
attempt("a new /proc/sys", lambda: with_mount("proc", lambda: writable_below(f"{place}/sys", KNOBS)))
attempt("a new sysrq-trigger", lambda: with_mount("proc", lambda: can_open(f"{place}/sysrq-trigger")))
attempt("the sandbox's /proc/sys", lambda: writable_below("/proc/sys", KNOBS))
attempt("sysrq-trigger", lambda: can_open("/proc/sysrq-trigger"))
for name, numbers in disks():
    for folder in (".", "/dev", "/dev/shm", "/tmp"):
        attempt(f"{name} by mknod in {folder}", lambda: made_device(stat.S_IFBLK, numbers, folder, os.O_RDONLY))
for name, numbers in (("mem", (1, 1)), ("port", (1, 4)), ("kvm", (10, 232)), ("fuse", (10, 229))):
    attempt(f"{name} by mknod", lambda: made_device(stat.S_IFCHR, numbers, "/dev", os.O_RDWR))
for target in ("/proc", "/sys", "/dev"):
    attempt(f"what lies below {target}", lambda: uncovered(target, lambda: len(os.listdir(target)) == 0))
attempt("what lies below /proc/sys", lambda: uncovered("/proc/sys", lambda: not os.access(PATTERN, os.W_OK)))
for path in ("/etc/hostname", "/etc/passwd", "/usr/bin/env", *glob.glob("/*/hostile-*/canary")):
    attempt(f"{path} by its handle", lambda: by_handle(path))
for target in ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/sys"):
    attempt(f"{target} remounted", lambda: remounted(target))
attempt("the mode of /dev/null", mode_of_null)
sys.exit(min(len(reached), 255))
