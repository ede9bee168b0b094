import assert from 'node:assert/strict'
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { CannotRun } from '../lib/errors.ts'
import * as F from '../lib/flags.ts'
import { MS_NODEV, MS_PRIVATE, MS_REC, mount } from '../lib/mount/mount.ts'
import { bindDevices, checkRootfs, DEVICES, deviceNumber, mknod, resolveInside } from '../lib/mount/rootfs.ts'
import { becomeUser } from '../lib/rights/users.ts'
import { inChild, thrownBy } from '../lib/testing/in-child.ts'
import { fresh, made, NOBODY, replace, skip } from './testing.ts'

test('devices on a nodev file system, wrong nodes and dangling links are replaced by the machine’s', { skip }, () => {
  const root = fresh('nodev')
  const wrong = inChild(F.CLONE_NEWNS, () => {
    mount('none', '/', null, MS_REC | MS_PRIVATE)
    mount('tmpfs', root, 'tmpfs', MS_NODEV)
    mkdirSync(join(root, 'dev'))
    const [nothing, zero] = DEVICES as [(typeof DEVICES)[0], (typeof DEVICES)[0]]
    mknod(join(root, 'dev/null'), 0o20666, deviceNumber(nothing))
    mknod(join(root, 'dev/full'), 0o20666, deviceNumber(zero))
    writeFileSync(join(root, 'dev/random'), 'no device')
    symlinkSync('/nowhere', join(root, 'dev/urandom'))
    bindDevices(root)
    const isWrong = ({ name, major, minor }: (typeof DEVICES)[0]) => {
      const stat = statSync(join(root, 'dev', name))
      if (name !== 'tty') closeSync(openSync(join(root, 'dev', name), 'r'))
      return !stat.isCharacterDevice() || stat.rdev !== deviceNumber({ name, major, minor, mode: 0 })
    }
    return DEVICES.filter(isWrong).map(({ name }) => name)
  })
  assert.deepEqual(wrong, [])
})

test('bindDevices follows no link out of the tree', { skip }, () => {
  const root = fresh('leads-out')
  const elsewhere = fresh('leads-out-elsewhere')
  symlinkSync(elsewhere, join(root, 'dev'))
  assert.throws(() => bindDevices(root), CannotRun)
  rmSync(join(root, 'dev'))
  mkdirSync(join(root, 'dev'))
  symlinkSync(join(elsewhere, 'null'), join(root, 'dev/null'))
  const output = inChild(F.CLONE_NEWNS, () => {
    mount('none', '/', null, MS_REC | MS_PRIVATE)
    bindDevices(root)
    return statSync(join(root, 'dev/null')).isCharacterDevice()
  })
  assert.equal(output, true)
  assert.deepEqual(readdirSync(elsewhere), [])
})

test('resolveInside resolves a path as a process with that root does', () => {
  const root = fresh('resolve')
  mkdirSync(join(root, 'a/b'), { recursive: true })
  writeFileSync(join(root, 'a/file'), '')
  symlinkSync('/a/file', join(root, 'absolute'))
  symlinkSync('../../../a/file', join(root, 'a/b/up'))
  symlinkSync('/etc/passwd', join(root, 'out'))
  symlinkSync('loop', join(root, 'loop'))
  const file = join(root, 'a/file')
  for (const path of ['a/file', '/a/file', 'absolute', 'a/b/up', '/../../a/file', 'a/b/../file', './a//file'])
    assert.equal(resolveInside(root, path), file, path)
  for (const path of ['out', 'loop', 'a/file/x', 'a/file/..', 'missing', '/etc/passwd'])
    assert.equal(resolveInside(root, path), undefined, path)
  assert.equal(resolveInside(root, '/'), root)
})

const SHELL_64 = 18
const BROKEN: [string, RegExp, (tree: string) => void][] = [
  ['no /bin/sh', /it has no \/bin\/sh/, tree => rmSync(join(tree, 'bin/sh'))],
  ['a shell that leads out', /it has no \/bin\/sh/, tree => replace(tree, 'bin/sh', () => '/proc/self/exe')],
  ['a shell that is not executable', /not executable/, tree => chmodSync(join(tree, 'bin/busybox'), 0o644)],
  ['a shell that is a directory', /is no file/, tree => replaceByDirectory(tree, 'bin/sh')],
  ['a shell that is a text', /is no program/, tree => writeFileSync(join(tree, 'bin/busybox'), 'echo hello')],
  ['an empty shell', /is no program/, tree => writeFileSync(join(tree, 'bin/busybox'), '')],
  [
    'a shell for another machine',
    /is for riscv, and this machine is (x86-64|arm64)/,
    tree => {
      const path = join(tree, 'bin/busybox')
      const program = readFileSync(path)
      program.writeUInt16LE(243, SHELL_64)
      writeFileSync(path, program)
    },
  ],
  ['a shell without its loader', /needs \/lib\S+, which is not in it/, tree => useDynamicShell(tree)],
  ['a file for /dev', /its \/dev is no directory/, tree => replaceByFile(tree, 'dev')],
  ['no /proc', /its \/proc is missing/, tree => rmSync(join(tree, 'proc'), { recursive: true })],
  ['a file for the whole', /it is no directory/, tree => replaceByFile(tree, '.')],
  ['nothing', /there is no root file system at/, tree => rmSync(tree, { recursive: true })],
]

function replaceByDirectory(tree: string, name: string): void {
  rmSync(join(tree, name))
  mkdirSync(join(tree, name))
}

function replaceByFile(tree: string, name: string): void {
  rmSync(join(tree, name), { recursive: true })
  writeFileSync(join(tree, name), '')
}

/** Node itself is dynamic nearly everywhere. */
function useDynamicShell(tree: string): void {
  rmSync(join(tree, 'bin/sh'))
  cpSync(process.execPath, join(tree, 'bin/sh'), { dereference: true })
}

for (const [index, [title, reason, damage]] of BROKEN.entries()) {
  test(`${title}: checkRootfs says so, and how to mend it`, () => {
    const tree = made(`broken-${index}`)
    checkRootfs(tree)
    damage(tree)
    const error = thrownBy(() => checkRootfs(tree))
    assert.ok(error instanceof CannotRun, String(error))
    assert.match(error.message, reason)
    assert.match(error.message, /\nhint: npm run rootfs/)
    rmSync(tree, { recursive: true, force: true })
  })
}

test('a tree that cannot be read is an error with a sentence', { skip }, () => {
  const tree = made('unreadable')
  chmodSync(tree, 0o700)
  const message = inChild(0, () => {
    becomeUser(NOBODY, NOBODY)
    return thrownBy(() => checkRootfs(tree)).message
  })
  assert.match(message, /is no usable root file system: .* cannot be read \(EACCES\)/)
})
