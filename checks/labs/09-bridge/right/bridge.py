#!/usr/bin/env python3
"""Right: ip(8) and nft(8) from Python, with a network of its own for the machine in the middle. Others here and in
../wrong are this program with one thing different, which they put in the place of a function of it."""
import ctypes
import os
import signal
import socket
import struct
import subprocess

CLONE_NEWNET = 0x40000000
IP_RECVERR = 11
# How long an answer may take, in seconds: more than any machine needs.
PATIENCE = 60
# Those from whom no answer can come, in a wrong program.
HOPELESS = set()
libc = ctypes.CDLL(None, use_errno=True)
SERVER, CLIENT, GATEWAY, OUTER, WORLD = '10.9.0.2', '10.9.0.3', '10.9.0.1', '203.0.113.1', '203.0.113.7'


def run(command):
    subprocess.run(command, shell=True, check=True)


def unshare():
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), 'unshare')


class Gate:
    def __init__(self):
        self.ends = os.pipe()

    def open(self):
        os.write(self.ends[1], b'x')

    def wait(self):
        os.read(self.ends[0], 1)


def start(life):
    """A child that lives in a network of its own; returns once it does."""
    there = Gate()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            unshare()
            there.open()
            code = life() or 0
        finally:
            os._exit(code)
    there.wait()
    return pid


def listen(address, port):
    return socket.create_server((address, port))


def serve(listening):
    while True:
        connection, peer = listening.accept()
        connection.sendall(f'I see you at {peer[0]}\n'.encode())
        connection.close()


def call(address, port):
    timeout = 0.5 if address in HOPELESS else PATIENCE
    try:
        with socket.create_connection((address, port), timeout=timeout) as connection:
            answer = connection.recv(100).decode().strip()
    except OSError as error:
        answer = f'nothing ({error})'
    print(f'{address}:{port} says: {answer}', flush=True)


def resolve(resolver):
    """For ever: answers every question with the address of the server."""
    while True:
        question, sender = resolver.recvfrom(512)
        end = question.index(0, 12) + 5
        record = b'\xc0\x0c' + struct.pack('>HHIH', 1, 1, 0, 4) + socket.inet_aton(SERVER)
        head = question[:2] + struct.pack('>HHHHH', 0x8180, 1, 1, 0, 0)
        resolver.sendto(head + question[12:end] + record, sender)


def look_up(name, server):
    head = struct.pack('>HHHHHH', 4711, 0x0100, 1, 0, 0, 0)
    query = head + bytes([len(name)]) + name.encode() + b'\0' + struct.pack('>HH', 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(2)
        for _ in range(5):
            asking.sendto(query, (server, 53))
            try:
                return socket.inet_ntoa(asking.recv(512)[-4:])
            except TimeoutError:
                pass
    raise SystemExit(f'nobody knows {name}')


def first_hop(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        probe.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
        probe.settimeout(PATIENCE)
        probe.connect((address, 33434))
        probe.send(b'hop')
        try:
            probe.recv(1)
        except OSError as error:
            print(f'the first hop: {error}', flush=True)


def settle(address):
    run(f'ip address add {address}/24 dev eth0 && ip link set lo up && ip link set eth0 up')
    run(f'ip route add default via {GATEWAY}')


cabled, served, out_there, may_call, called, published = [Gate() for _ in range(6)]


def server():
    cabled.wait()
    settle(SERVER)
    listening = listen(SERVER, 80)
    served.open()
    serve(listening)


def client():
    cabled.wait()
    settle(CLIENT)
    may_call.wait()
    call(look_up('one', GATEWAY), 80)
    first_hop(WORLD)
    call(WORLD, 7)


def world():
    cabled.wait()
    run(f'ip address add {WORLD}/24 dev eth0 && ip link set eth0 up')
    listening = listen(WORLD, 7)
    answering = os.fork()
    if answering == 0:
        serve(listening)
    out_there.open()
    published.wait()
    call(OUTER, 8080)
    os.kill(answering, signal.SIGKILL)
    os.waitpid(answering, 0)


def cable(name, pid):
    run(f'ip link add {name} type veth peer name eth0 netns {pid} && ip link set {name} up')


def machine(one, two, far):
    # Without an address of its own a bridge has the lowest of its ports', and another one when the client and its port end:
    # who still writes to the old one is not heard for some seconds.
    run('ip link add br0 address 02:00:00:00:00:01 type bridge')
    run(f'ip address add {GATEWAY}/24 dev br0 && ip link set br0 up')
    for name, pid in ('one0', one), ('two0', two):
        cable(name, pid)
        run(f'ip link set {name} master br0')
    cable('uplink0', far)
    run(f'ip address add {OUTER}/24 dev uplink0')


def forward():
    with open('/proc/sys/net/ipv4/ip_forward', 'w') as setting:
        setting.write('1')


def rewrite():
    run('nft add table ip lab9')
    run("nft 'add chain ip lab9 leaving { type nat hook postrouting priority 100 ; }'")
    run("nft 'add rule ip lab9 leaving ip saddr 10.9.0.0/24 oifname != \"br0\" masquerade'")
    run("nft 'add chain ip lab9 arriving { type nat hook prerouting priority -100 ; }'")
    run(f"nft 'add rule ip lab9 arriving ip daddr {OUTER} tcp dport 8080 dnat to {SERVER}:80'")


def main():
    unshare()
    one, two, far = start(server), start(client), start(world)
    machine(one, two, far)
    for _ in range(3):
        cabled.open()
    served.wait()
    out_there.wait()
    forward()
    rewrite()
    resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    resolver.bind((GATEWAY, 53))
    names = os.fork()
    if names == 0:
        resolve(resolver)
    may_call.open()
    _, ended = os.waitpid(two, 0)
    published.open()
    _, done = os.waitpid(far, 0)
    for pid in one, names:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    raise SystemExit(0 if ended == done == 0 else 1)


if __name__ == '__main__':
    main()
