import assert from 'node:assert/strict'
import { openSync } from 'node:fs'
import { hostname } from 'node:os'
import { suite, test } from 'node:test'
import { clone, fork } from '../clone.ts'
import * as F from '../flags.ts'
import { makeGate } from '../gate.ts'
import { libcFunction } from '../machine/libc.ts'
import { readSelf } from '../machine/self.ts'
import { MNT_DETACH, MS_PRIVATE, MS_REC, mount, umount2 } from '../mount/mount.ts'
import { type NamespaceKind, namespaces, sethostname, setns } from '../namespaces.ts'
import { getpid, kill, sleep, waitpid } from '../process.ts'
import { inChild, thrownBy } from '../testing/in-child.ts'
import { join } from './join.ts'
import { becomeRoot, writeIdMaps } from './users.ts'

const options = { skip: process.getuid?.() !== 0 && 'makes namespaces, which takes root' }
const OTHERS = F.CLONE_NEWPID | F.CLONE_NEWNS | F.CLONE_NEWUTS | F.CLONE_NEWIPC | F.CLONE_NEWNET

/** A process in namespaces of its own, with or without a /proc, for as long as `action` takes. */
function besideContainer<T>(flags: number, hasProc: boolean, action: (pid: number) => T): T {
  const [mapped, ready] = [makeGate(), makeGate()]
  const pid = clone(() => {
    mapped.wait()
    mount('none', '/', null, MS_REC | MS_PRIVATE)
    sethostname('inside')
    if (hasProc) mount('proc', '/proc', 'proc')
    else umount2('/proc', MNT_DETACH)
    ready.open()
    sleep(600)
  }, flags | F.SIGCHLD)
  if ((flags & F.CLONE_NEWUSER) !== 0) writeIdMaps(pid, [{ inside: 0, outside: 0, count: 1000 }])
  mapped.open()
  ready.wait()
  try {
    return action(pid)
  } finally {
    kill(pid, 'SIGKILL')
    waitpid(pid)
  }
}

/** What a process that has joined those namespaces sees, and what its child sees. */
function goIn(target: number, kinds?: readonly NamespaceKind[]) {
  const joined = join(target, kinds)
  const inner = inChild(0, () => ({ pid: getpid(), host: hostname(), again: waitpid(fork(() => getpid())).code }))
  return { joined, ...inner, cwd: process.cwd() }
}

suite('join()', options, () => {
  test('enters all namespaces of a container that the caller is not in, and its children are inside', () => {
    const before = [hostname(), namespaces()]
    const seen = besideContainer(OTHERS, true, pid => inChild(0, () => goIn(pid)))
    // Number 1 is the container, 2 the child, 3 its child.
    assert.deepEqual(seen, { joined: ['ipc', 'uts', 'net', 'pid', 'mnt'], pid: 2, host: 'inside', again: 3, cwd: '/' })
    assert.deepEqual([hostname(), namespaces()], before)
  })

  test('enters a user namespace first, and becomeRoot() makes the caller root in there', () => {
    const seen = besideContainer(OTHERS | F.CLONE_NEWUSER, true, pid =>
      inChild(0, () => {
        const went = goIn(pid)
        return {
          ...went,
          inner: inChild(0, () => [becomeRoot(), process.getuid?.(), readSelf('uid_map').trim().split(/\s+/)]),
        }
      }),
    )
    assert.equal(seen.joined[0], 'user')
    assert.deepEqual([seen.pid, seen.host], [2, 'inside'])
    assert.deepEqual(seen.inner, [null, 0, ['0', '0', '1000']])
  })

  test('enters one by one where the kernel knows no setns(2) by a process', () => {
    const personality = libcFunction('int personality(unsigned long persona)')
    const seen = besideContainer(OTHERS | F.CLONE_NEWUSER, true, pid =>
      inChild(0, () => {
        // uname(2) says 2.6 from here on.
        personality(0x0020000)
        const joined = join(pid)
        personality(0)
        return [joined, ...inChild(0, () => [getpid(), hostname()])]
      }),
    )
    assert.deepEqual(seen, [['user', 'ipc', 'uts', 'net', 'pid', 'mnt'], 2, 'inside'])
  })

  test('enters only what is asked for, and nothing twice', () => {
    const seen = besideContainer(OTHERS, true, pid =>
      inChild(0, () => [join(pid, ['net', 'uts']), join(pid, ['uts', 'cgroup']), hostname(), namespaces().pid]),
    )
    assert.deepEqual(seen, [['uts', 'net'], [], 'inside', namespaces().pid])
  })

  test('says why it cannot: no process of that number, no such kind, several threads', () => {
    const dead = fork(() => {})
    waitpid(dead)
    assert.equal(thrownBy(() => join(dead)).code, 'ESRCH')
    assert.match(thrownBy(() => join(0)).message, /the target must be the PID of a process, not 0/)
    const kinds = ['mount'] as unknown as NamespaceKind[]
    assert.match(thrownBy(() => join(getpid(), kinds)).message, /a kind must be one of cgroup, ipc, mnt.*, not "mount"/)
    const error = besideContainer(OTHERS, true, pid => thrownBy(() => join(pid, ['mnt'])))
    assert.equal(error.code, 'EINVAL')
    assert.match(error.hint ?? '', /do it in a child of fork\(\)/)
  })
})

suite('after setns(2) to a mount namespace', options, () => {
  for (const hasProc of [true, false]) {
    const where = hasProc ? 'whose /proc does not know the caller' : 'without a /proc'
    test(`${where}, clone() and becomeRoot() work`, () => {
      const seen = besideContainer(F.CLONE_NEWNS | F.CLONE_NEWPID | F.CLONE_NEWUTS, hasProc, pid =>
        inChild(0, () => {
          setns(openSync(`/proc/${pid}/ns/mnt`, 'r'))
          process.chdir('/')
          becomeRoot()
          const own = thrownBy(() => namespaces()).code
          const shared = F.CLONE_VM | F.CLONE_VFORK | F.SIGCHLD
          const codes = [waitpid(fork(() => waitpid(fork(() => 5)).code ?? 0)).code]
          codes.push(waitpid(clone(() => waitpid(fork(() => 6)).code ?? 0, shared)).code)
          return { own, codes }
        }),
      )
      assert.deepEqual(seen.codes, [5, 6])
      assert.equal(seen.own, 'ENOENT')
    })
  }
})
