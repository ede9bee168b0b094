#!/usr/bin/env python3
# Right: ctypes and os. The layers are copies elsewhere, the old root is parked below the new one, three layers lie below,
# and the second container lives after the first one has ended.
import ctypes
import os
import shutil
import stat

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWPID = 0x20000, 0x20000000
RDONLY, REMOUNT, BIND, REC, PRIVATE, SLAVE, SHARED, DETACH = 1, 32, 4096, 1 << 14, 1 << 18, 1 << 19, 1 << 20, 2
PIVOT_ROOT = 41 if os.uname().machine == 'aarch64' else 155
KINDS = {'shared': SHARED, 'slave': SLAVE, 'private': PRIVATE}


def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def mount(source, target, kind=None, flags=0, data=None):
    words = [each.encode() if each else None for each in (source, target, kind)]
    check(libc.mount(*words, ctypes.c_ulong(flags), data.encode() if data else None))


def put(path, text, mode='w'):
    with open(path, mode) as file:
        file.write(text)


def lay(name):
    for part in ('upper', 'work', 'root'):
        os.makedirs(f'{name}/{part}')
    lower = r'layers/top\,most:layers/small:layers/base'
    mount('overlay', f'{name}/root', 'overlay', 0, f'lowerdir={lower},upperdir={name}/upper,workdir={name}/work,userxattr')


def enter(root):
    os.makedirs(f'{root}/old')
    check(libc.syscall(PIVOT_ROOT, root.encode(), f'{root}/old'.encode()))
    os.chdir('/')
    check(libc.umount2(b'/old', DETACH))
    os.rmdir('/old')


def walk_out():
    os.mkdir('/x')
    os.chroot('/x')
    for _ in range(100):
        os.chdir('..')
    os.chroot('.')


def first(changed, mounted):
    for name in ('data', 'config'):
        mount(name, f'first/root/{name}', None, BIND)
    mount(None, 'first/root/config', None, REMOUNT | BIND | RDONLY)
    for kind, flag in KINDS.items():
        mount('media', f'first/root/{kind}', None, BIND)
        mount(None, f'first/root/{kind}', None, flag)
    enter('first/root')
    put('/etc/hosts', '10.0.0.3 database\n', 'a')
    os.rename('/etc/group', '/etc/groups')
    os.unlink('/bin/vi')
    shutil.rmtree('/srv')
    os.mkdir('/srv')
    walk_out()
    put('/data/result', 'for outside\n')
    try:
        put('/config/new', '')
        os._exit(1)
    except OSError:
        pass
    os.write(changed[1], b'x')
    os.read(mounted[0], 1)
    for kind in KINDS:
        mount('mine', f'/{kind}/of-{kind}', 'tmpfs')
    os.write(changed[1], b'x')
    os.read(mounted[0], 1)


def second():
    enter('second/root')
    assert not os.path.exists('/etc/groups') and os.path.exists('/etc/group')


def start(child, *args):
    # The next child is the first of a new PID namespace; the one in between goes with its mounts.
    middle = os.fork()
    if middle == 0:
        check(libc.unshare(CLONE_NEWNS | CLONE_NEWPID))
        inner = os.fork()
        if inner == 0:
            child(*args)
            os._exit(0)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]))
    return middle


def main():
    check(libc.unshare(CLONE_NEWNS))
    mount(None, '/', None, REC | PRIVATE)
    os.makedirs('layers')
    shutil.copytree('fs', 'layers/base', symlinks=True, ignore=shutil.ignore_patterns('dev'))
    os.makedirs('layers/base/dev')
    for path in ('etc', 'srv', 'data', 'config', *KINDS):
        os.makedirs(f'layers/small/{path}')
    put('layers/small/etc/hosts', '127.0.0.1 localhost\n10.0.0.2 cache\n')
    put('layers/small/srv/index.html', 'hello\n')
    os.mknod('layers/small/etc/profile', stat.S_IFCHR, 0)
    os.makedirs('layers/top,most/etc')
    put('layers/top,most/etc/motd', 'three layers\n')
    for path in ('data', 'config', 'media'):
        os.mkdir(path)
    mount('media', 'media', 'tmpfs')
    mount(None, 'media', None, SHARED)
    for name in ('stick', *(f'of-{kind}' for kind in KINDS)):
        os.mkdir(f'media/{name}')
    changed, mounted = os.pipe(), os.pipe()
    lay('first')
    one = start(first, changed, mounted)
    os.read(changed[0], 1)
    mount('stick', 'media/stick', 'tmpfs')
    os.write(mounted[1], b'x')
    os.read(changed[0], 1)
    os.write(mounted[1], b'x')
    assert os.waitpid(one, 0)[1] == 0
    lay('second')
    assert os.waitpid(start(second), 0)[1] == 0


if __name__ == '__main__':
    main()
