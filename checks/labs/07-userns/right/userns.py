#!/usr/bin/env python3
# Right: the child makes its own user namespace by unshare(2), and its parent writes the map. Each part is a function of
# its own, so that wrong programs can replace one.
import ctypes
import errno
import os
import platform
import shutil
import stat
import subprocess
import tempfile
import traceback

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWUSER = 0x20000, 0x4000000, 0x10000000
PR_CAPBSET_DROP, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 24, 4, 38, 47
SYS_capset = 126 if platform.machine() == 'x86_64' else 91
CAP_SYS_ADMIN, CAP_NET_RAW = 21, 13
FIRST, COUNT = 20000, 1000


def call(name, *args):
    if getattr(libc, name)(*args) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), name)


def unshare(flags):
    call('unshare', flags)


def sethostname(name):
    call('sethostname', name.encode(), len(name))


def refused(action):
    try:
        action()
        print('done')
    except OSError as error:
        print(errno.errorcode[error.errno])


def live(action):
    """The life of a child."""
    try:
        action()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def in_child(action):
    """Runs something in a child, and waits for it."""
    pid = os.fork()
    if pid == 0:
        live(action)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def write(path, text):
    with open(path, 'w') as file:
        file.write(text)


def write_map(pid):
    for name in ('uid_map', 'gid_map'):
        write(f'/proc/{pid}/{name}', f'0 {FIRST} {COUNT}')


def become_root():
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def make_file(folder):
    write(f'{folder}/file', 'made inside\n')


def nest():
    while True:
        unshare(CLONE_NEWUSER)
        call('prctl', PR_SET_DUMPABLE, 1, 0, 0, 0)
        write('/proc/self/setgroups', 'deny')
        write('/proc/self/uid_map', '0 0 1')
        write('/proc/self/gid_map', '0 0 1')


def be_refused(folder):
    refused(lambda: sethostname('other'))
    refused(lambda: os.mknod(f'{folder}/disk', stat.S_IFBLK | 0o600, os.makedev(8, 0)))
    refused(lambda: os.open('/etc/passwd', os.O_WRONLY))
    in_child(lambda: refused(nest))


def be_root(folder):
    unshare(CLONE_NEWNS | CLONE_NEWUTS)
    sethostname('inside')
    os.mkdir(f'{folder}/tmpfs')
    call('mount', b'tmpfs', f'{folder}/tmpfs'.encode(), b'tmpfs', 0, b'mode=755')
    write(f'{folder}/tmpfs/given', '')
    os.chown(f'{folder}/tmpfs/given', 7, 7)


def capset(effective, permitted, inheritable):
    words = [(one >> shift) & 0xFFFFFFFF for shift in (0, 32) for one in (effective, permitted, inheritable)]
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    call('syscall', SYS_capset, header, (ctypes.c_uint32 * 6)(*words))


def sets():
    with open('/proc/self/status') as status:
        return {line[3:6]: int(line.split()[1], 16) for line in status if line.startswith('Cap')}


def have_less():
    """Without CAP_SYS_ADMIN, for good."""
    call('prctl', PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0)
    kept = sets()['Prm'] & ~(1 << CAP_SYS_ADMIN)
    capset(kept, kept, 0)


def after_execve():
    os.execvp('grep', ['grep', '^Cap', '/proc/self/status'])


def less():
    have_less()
    after_execve()


def make_program(folder):
    """A set-user-ID program that belongs to root inside."""
    program = f'{folder}/tmpfs/grep'
    shutil.copy(shutil.which('grep'), program)
    os.chmod(program, 0o4755)
    return program


def be_bound():
    call('prctl', PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def become_user():
    os.setresgid(7, 7, 7)
    os.setresuid(7, 7, 7)


def run(program, is_bound):
    become_user()
    if is_bound:
        be_bound()
    os.execv(program, ['grep', '^Uid', '/proc/self/status'])


def offers(folder):
    program = make_program(folder)
    in_child(lambda: run(program, False))
    in_child(lambda: run(program, True))


def inside(folder):
    become_root()
    make_file(folder)
    be_refused(folder)
    be_root(folder)
    in_child(less)
    offers(folder)


def child(ready, mapped, folder):
    unshare(CLONE_NEWUSER)
    os.write(ready, b'x')
    os.read(mapped, 1)
    inside(folder)


def parent(pid, ready, mapped, folder):
    os.read(ready, 1)
    write_map(pid)
    os.write(mapped, b'x')


def main():
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    os.chown(folder, FIRST, FIRST)
    ready, mapped = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        live(lambda: child(ready[1], mapped[0], folder))
    parent(pid, ready[0], mapped[1], folder)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    subprocess.run(['rm', '-r', folder], check=True)
    raise SystemExit(code)


if __name__ == '__main__':
    main()
