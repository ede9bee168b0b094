#!/usr/bin/env python3
# Wrong: a seccomp filter of the program's own refuses in the kernel's place, and the calls never reach it.
# Broken: root inside is refused the outer host name, a device, a file, and a level too deep.
import ctypes
import errno
import os
import platform
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW = 0x50000, 0x7FFF0000
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBERS = (170, 259, 257, 272) if platform.machine() == 'x86_64' else (161, 33, 56, 97)
ERRORS = (errno.EPERM, errno.EPERM, errno.EACCES, errno.ENOSPC)


def forge():
    """sethostname, mknodat, openat and unshare fail with these errors."""
    code = [(LOAD, 0, 0, 0)]
    for number, error in zip(NUMBERS, ERRORS):
        code += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, SECCOMP_RET_ERRNO | error)]
    code.append((RETURN, 0, 0, SECCOMP_RET_ALLOW))
    text = b''.join(struct.pack('=HBBI', *one) for one in code)
    buffer = ctypes.create_string_buffer(text, len(text))
    program = struct.pack('@HP', len(code), ctypes.addressof(buffer))
    lab.call('prctl', PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)


ask = lab.be_refused


def be_refused(folder):
    forge()
    ask(folder)


lab.be_refused = lambda folder: lab.in_child(lambda: be_refused(folder))
lab.main()
