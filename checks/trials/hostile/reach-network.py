#!/usr/bin/env python3
# Hostile: tries to get at the machine's network and at who listens there. Exits with the number of ways that were open.
import glob
import os
import socket
import subprocess
import sys

reached = []


def attempt(name, way):
    try:
        if way() is not False:
            reached.append(name)
            print(f"reached: {name}", flush=True)
    except OSError as error:
        print(f"refused: {name}: {error.strerror}", flush=True)


def connected(address):
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(address)


def ip(*words):
    run = subprocess.run(["ip", *words], capture_output=True, text=True)
    if run.returncode:
        raise OSError(run.returncode, run.stderr.strip())


def gives_away(target):
    ip("link", "add", "hostile0", "type", "dummy")
    try:
        ip("link", "set", "hostile0", "netns", target)
        return os.path.exists(f"/proc/{target}/ns/net") and not same_network(target)
    finally:
        subprocess.run(["ip", "link", "del", "hostile0"], capture_output=True)


def same_network(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/net") == os.readlink("/proc/self/ns/net")
    except OSError:
        return False


def joined(path):
    """In a child, as it would stay there."""
    child = os.fork()
    if child == 0:
        result = subprocess.run(["nsenter", f"--net={path}", "readlink", "/proc/self/ns/net"], capture_output=True)
        other = result.stdout.decode().strip() not in ("", os.readlink("/proc/self/ns/net"))
        os._exit(result.returncode == 0 and other)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def sends_raw(name):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as raw:
        raw.bind((name, 0))


for folder in glob.glob("/*/hostile-*"):
    attempt(f"{folder}/listening", lambda: connected(f"{folder}/listening"))
    attempt(f"the abstract name {os.path.basename(folder)}", lambda: connected(f"\0{os.path.basename(folder)}"))
for path in ("/run/systemd/private", "/run/dbus/system_bus_socket", "/run/docker.sock", "/var/run/docker.sock"):
    attempt(path, lambda: connected(path))
for pid in filter(str.isdigit, os.listdir("/proc")):
    attempt(f"the network of process {pid}", lambda: joined(f"/proc/{pid}/ns/net"))
    if not same_network(pid):
        attempt(f"an interface for process {pid}", lambda: gives_away(pid))
for path in glob.glob("/run/netns/*") + glob.glob("/run/docker/netns/*"):
    attempt(path, lambda: joined(path))
for name in ("eth0", "ens3", "enp1s0", "wlan0"):
    attempt(f"packets on {name}", lambda: sends_raw(name))
for host in ("1.1.1.1", "169.254.169.254", "10.0.0.1"):
    attempt(f"a way to {host}", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect((host, 53)))
for path in ("/proc/1/net/dev", "/proc/net/dev"):
    attempt(f"interfaces in {path}", lambda: [line.split(":")[0].strip() for line in list(open(path))[2:]] != ["lo"])
sys.exit(min(len(reached), 255))
