/**
 * User namespaces, detached mounts, and what another process may see of us.
 */
import assert from 'node:assert/strict'
import {
  accessSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { clone, fork } from '../clone.ts'
import { cloneExec } from '../clone-exec.ts'
import * as F from '../flags.ts'
import { makeGate } from '../gate.ts'
import { until } from '../machine/until.ts'
import { attachMount, makeMount, mountIdmapped } from '../mount/detached.ts'
import { MS_NOSUID, MS_PRIVATE, MS_REC, mount, mounts } from '../mount/mount.ts'
import { getppid, kill, sleep, waitpid } from '../process.ts'
import { capture, inChild, thrownBy } from '../testing/in-child.ts'
import { readCString, readMemory } from '../trace/remote-memory.ts'
import { forbidInspection, setParentDeathSignal } from './prctl.ts'
import { becomeRoot, type IdRange, writeIdMaps } from './users.ts'

const RANGES: readonly IdRange[] = [{ inside: 0, outside: 0x6f000000, count: 65536 }]
const folder = mkdtempSync(join(tmpdir(), 'users-'))
chmodSync(folder, 0o755)
after(() => rmSync(folder, { recursive: true }))

/** Runs `life` as root of a new user namespace with these ranges. @returns its exit code */
function asRootInside(life: () => number, prepare: (pid: number) => void = () => {}): number | null {
  const mayGo = makeGate()
  const pid = clone(() => {
    mayGo.wait()
    becomeRoot()
    return life()
  }, F.CLONE_NEWUSER | F.SIGCHLD)
  writeIdMaps(pid, RANGES)
  prepare(pid)
  mayGo.open()
  return waitpid(pid).code
}

test('root of a user namespace is another user outside', () => {
  const file = join(folder, 'open')
  mkdirSync(file)
  chownSync(file, 0x6f000000, 0x6f000000)
  assert.equal(
    asRootInside(() => {
      writeFileSync(join(file, 'made-inside'), '')
      return statSync(join(file, 'made-inside')).uid === 0 ? 0 : 1
    }),
    0,
  )
  assert.equal(statSync(join(file, 'made-inside')).uid, 0x6f000000)
})

test("root of a user namespace cannot write root's files", () => {
  const file = join(folder, 'root-only')
  writeFileSync(file, 'x', { mode: 0o644 })
  const code = () => thrownBy(() => writeFileSync(file, 'y')).code
  assert.equal(
    asRootInside(() => (code() === 'EACCES' ? 0 : 1)),
    0,
  )
  assert.equal(readFileSync(file, 'utf8'), 'x')
})

test('becomeRoot without maps says EINVAL', () => {
  const code = inChild(F.CLONE_NEWUSER, () => thrownBy(becomeRoot).code)
  assert.equal(code, 'EINVAL')
})

test('on an idmapped mount the files of root belong to root inside', () => {
  const source = join(folder, 'source')
  mkdirSync(source, { mode: 0o700 })
  writeFileSync(join(source, 'secret'), 'x', { mode: 0o600 })
  const { output, code } = capture(F.CLONE_NEWNS, () => {
    mount('none', '/', null, MS_REC | MS_PRIVATE)
    const target = join(folder, 'target')
    mkdirSync(target)
    const look = () => (readFileSync(join(target, 'secret'), 'utf8') === 'x' ? 0 : 1)
    return asRootInside(look, pid => mountIdmapped(source, target, `/proc/${pid}/ns/user`)) ?? 1
  })
  assert.equal(code, 0, output)
})

test('a mount is made first and attached later', () => {
  const target = join(folder, 'proc')
  mkdirSync(target)
  const found = inChild(F.CLONE_NEWNS | F.CLONE_NEWPID, () => {
    mount('none', '/', null, MS_REC | MS_PRIVATE)
    const made = makeMount('proc', MS_NOSUID)
    const before = mounts().some(one => one.target === target)
    attachMount(made, target)
    return { before, self: readFileSync(join(target, 'self/stat'), 'utf8').split(' ')[0] }
  })
  assert.deepEqual(found, { before: false, self: '1' })
  assert.equal(thrownBy(() => makeMount('nosuchfs', 0)).code, 'ENODEV')
  assert.equal(thrownBy(() => attachMount(-1, target)).code, 'EBADF')
})

test("another process's strings are read to their end and no further", () => {
  const long = 'x'.repeat(9000)
  const words = ['sh', '-c', 'kill -STOP $$']
  const pid = cloneExec([...words, long])
  assert.ok(until(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(long), 5))
  // Field 48 of /proc/PID/stat: where its arguments begin.
  const start = BigInt(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[45] ?? 0)
  const last = start + BigInt(words.join('\0').length + 1)
  assert.equal(readCString(pid, start, 100), 'sh')
  assert.ok(readCString(pid, last, 10000) === long)
  assert.equal(readCString(pid, last, 5000).length, 5000)
  assert.equal(readCString(pid, 0n, 100), '')
  assert.equal(readMemory(pid, start, 5).toString(), 'sh\0-c')
  assert.equal(thrownBy(() => readCString(pid, 16n, 100)).code, 'EIO')
  kill(pid, 'SIGKILL')
  waitpid(pid)
})

test('a process that forbids inspection is closed to its own user', () => {
  const seen = inChild(F.CLONE_NEWUSER, () => {
    const pid = fork(() => {
      forbidInspection()
      sleep(1000)
    })
    const isClosed = () => {
      try {
        accessSync(`/proc/${pid}/fd`)
        readFileSync(`/proc/${pid}/environ`)
        return false
      } catch {
        return true
      }
    }
    const closed = until(isClosed, 5)
    kill(pid, 'SIGKILL')
    return closed
  })
  assert.ok(seen)
})

test("a child that does not want its parent's death to kill it outlives it", () => {
  const [isFree, hasOutlived] = [makeGate(), makeGate()]
  const parent = fork(() => {
    fork(() => {
      setParentDeathSignal(0)
      const before = getppid()
      isFree.open()
      until(() => getppid() !== before, 5)
      hasOutlived.open()
    })
    isFree.wait()
  })
  waitpid(parent)
  hasOutlived.wait()
})
