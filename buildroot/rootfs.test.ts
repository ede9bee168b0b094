import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { findProgram } from '../lib/machine/find-program.ts'
import { mounts } from '../lib/mount/mount.ts'
import { resolveInside } from '../lib/mount/rootfs.ts'
import { layContents, WAYS } from './contents.ts'
import { folder, fresh, inFolder, inside, made, NOBODY, programs, record, rootfs, skip } from './testing.ts'

const COMMANDS = [
  'set -e; ps; hostname inside; hostname; ip link set lo up; ip addr; mount; ping -c 1 127.0.0.1; pwd',
  'echo lost > /dev/null; head -c 4 /dev/urandom | wc -c; ls -l /dev/null /dev/ptmx',
].join('; ')
/** What a tree of the machine's own programs lacks where the machine does, and what shows that it is there. */
const PERHAPS = [
  ['ps', /PID/],
  ['mount', /^proc on \/proc/m],
] as const

for (const way of WAYS) {
  test(`--from ${way} gives a root in which a shell finds the tools of the book`, { skip }, context => {
    const output = inFolder(`way-${way}`)
    const { status, stdout, stderr } = rootfs(['--output', output, '--from', way])
    if (status === 77) return context.skip(stderr.trim())
    assert.equal(status, 0, stderr)
    const absent = way === 'machine' ? PERHAPS.filter(([tool]) => !findProgram(tool)) : []
    for (const [tool] of absent) assert.match(stdout, new RegExp(`This machine has no .*\\b${tool}\\b`))
    const seen = inside(
      output,
      absent.reduce((text, [tool]) => text.replace(` ${tool};`, ''), COMMANDS),
    )
    for (const wanted of [
      ...PERHAPS.filter(each => !absent.includes(each)).map(([, shown]) => shown),
      /^inside$/m,
      /127\.0\.0\.1\/8/,
      /0% packet loss/,
      /^\/$/m,
      /^\s*4$/m,
    ])
      assert.match(seen, wanted)
    assert.match(seen, /^crw-rw-rw-.* 1, +3 .*\/dev\/null$/m)
    assert.match(seen, /\/dev\/ptmx -> pts\/ptmx$/m)
    const { from, files, devices } = record(output)
    assert.ok(from && devices && Object.keys(files).length > 0)
    for (const path of Object.keys(files)) assert.ok(lstatSync(join(output, path)).isFile(), path)
  })
}

test('a tree has the directories of a root, and no other user has write permission from outside', () => {
  const output = made('plain')
  for (const name of ['proc', 'sys', 'dev', 'root', 'run', 'etc'])
    assert.ok(lstatSync(join(output, name)).isDirectory())
  for (const name of ['tmp', 'dev/shm']) assert.equal(statSync(join(output, name)).mode & 0o7777, 0o1777, name)
  for (const name of ['passwd', 'group', 'profile'])
    assert.match(readFileSync(join(output, 'etc', name), 'utf8'), /root/)
  assert.equal(lstatSync(output).mode & 0o7777, 0o755)
})

test('every link of a busybox tree leads to busybox, from the inside and from the outside', context => {
  const output = inFolder('links')
  if (rootfs(['--output', output, '--from', 'installed']).status === 77) return context.skip('no static busybox')
  const names = ['bin', 'sbin', 'usr/bin', 'usr/sbin'].flatMap(place =>
    readdirSync(join(output, place)).map(name => join(place, name)),
  )
  assert.ok(names.length > 100)
  const busybox = lstatSync(join(output, 'bin/busybox')).ino
  // A busybox without ipcs gets a script of that name.
  for (const name of names.filter(each => !lstatSync(join(output, each)).isFile())) {
    assert.equal(statSync(join(output, name)).ino, busybox, name)
    assert.equal(resolveInside(output, name), join(output, 'bin/busybox'))
  }
})

test('an ordinary user gets a tree without device nodes, and bindDevices binds the machine’s', { skip }, () => {
  const home = fresh('home')
  chownSync(home, NOBODY, NOBODY)
  const output = made('home/fs', [], { uid: NOBODY })
  assert.equal(record(output).devices, false)
  assert.deepEqual(readdirSync(join(output, 'dev')).sort(), ['fd', 'ptmx', 'pts', 'shm', 'stderr', 'stdin', 'stdout'])
  assert.match(inside(output, COMMANDS), /^crw-rw-rw-.* 1, +3 .*\/dev\/null$/m)
  assert.deepEqual(
    mounts().filter(({ target }) => target.startsWith(folder)),
    [],
  )
})

test("what root lays into a tree is root's, whoever owns the original", { skip }, () => {
  const [tree, original] = [fresh('owned'), inFolder('original')]
  writeFileSync(original, '#!/bin/sh\n')
  chownSync(original, NOBODY, NOBODY)
  layContents(tree, { from: 'a test', files: new Map([['bin/sh', original]]), links: new Map() })
  const { uid, gid, mode } = statSync(join(tree, 'bin/sh'))
  assert.deepEqual([uid, gid, mode & 0o7777], [0, 0, 0o755])
})

test("a tree of root's is not taken away by an ordinary user", { skip }, () => {
  const home = fresh('shared')
  chmodSync(home, 0o777)
  const output = made('shared/fs')
  const { status, stderr } = rootfs(['--output', output], { uid: NOBODY })
  assert.equal(status, 77, stderr)
  assert.match(stderr, /belongs to another user\nhint: sudo npm run rootfs/)
  assert.ok(existsSync(join(output, 'bin/sh')))
})

test('where no way works, one message says why each failed and what to install', () => {
  const { status, stderr } = rootfs(['--output', inFolder('never')], { path: fresh('no-programs') })
  assert.equal(status, 77, stderr)
  assert.match(stderr, /installed: PATH has no busybox/)
  assert.match(stderr, /package: no package manager that this project knows/)
  assert.match(stderr, /machine: PATH has no sh/)
  assert.match(stderr, /hint: a static busybox would do: .*busybox/)
  assert.equal(existsSync(inFolder('never')), false)
})

test('a busybox that is not static, or lacks applets, is passed over with the reason', () => {
  const dynamic = fresh('dynamic')
  cpSync(process.execPath, join(dynamic, 'busybox'), { dereference: true })
  assert.match(rootfs(['--from', 'installed'], { path: dynamic }).stderr, /is not static: it needs libraries/)
  const script = programs('script', { busybox: 'echo bin/sh' })
  assert.match(rootfs(['--from', 'installed'], { path: script }).stderr, /is no program for this machine/)
})

test('a failed download names the command, what it said and what may help', () => {
  const path = `${programs('offline', { 'apt-get': 'echo "E: no network" >&2; exit 100', 'dpkg-deb': 'exit 1' })}`
  const { status, stderr } = rootfs(['--from', 'package', '--output', inFolder('offline-fs')], { path })
  assert.equal(status, 77)
  assert.match(stderr, /apt-get download busybox-static: E: no network \(as root, apt-get update may help\)/)
})

test("Alpine's and Fedora's packages are fetched and unpacked by their own tools", context => {
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find(existsSync)
  if (!busybox || rootfs(['--from', 'installed', '--output', inFolder('probe')]).status !== 0)
    return context.skip('no static busybox to pack')
  const packed = fresh('packed')
  mkdirSync(join(packed, 'bin'))
  cpSync(busybox, join(packed, 'bin/busybox.static'), { dereference: true })
  const apk = '[ "$*" = "fetch busybox-static" ] && /bin/tar -C "$PACKED" -czf busybox-static-1.apk bin'
  const tar = 'exec /bin/tar "$@"'
  const gzip = 'exec /bin/gzip "$@"'
  const path = programs('alpine', { apk: apk.replace('$PACKED', packed), tar, gzip })
  assert.match(record(made('alpine-fs', ['--from', 'package'], { path })).from, /package busybox-static-1\.apk/)
  const dnf = '[ "$*" = "download busybox" ] && echo > busybox-1.rpm'
  const cpio = `[ "$*" = "-idm --no-absolute-filenames" ] && mkdir -p usr/sbin && cp ${busybox} usr/sbin/busybox`
  const fedora = programs('fedora', { dnf, rpm2cpio: 'echo', cpio })
  const setting = {
    path: `${fedora}:${programs('basics', { sh: 'exec /bin/sh "$@"', mkdir: 'exec /bin/mkdir "$@"', cp: 'exec /bin/cp "$@"' })}`,
  }
  assert.match(record(made('fedora-fs', ['--from', 'package'], setting)).from, /package busybox-1\.rpm/)
})

const WRONG: [string[], RegExp][] = [
  [['--from', 'nowhere'], /--from must be one of installed, package, machine/],
  [['--output'], /--output needs a value/],
  [['--wrong'], /unknown option --wrong/],
  [['word'], /unexpected argument word/],
  [['--buildroot', '/', '/'], /unexpected argument \//],
  [['--buildroot', '--from', 'machine'], /two ways: name one/],
  [['--configure-only'], /goes with --buildroot/],
  [['--buildroot=/proc'], /\/proc is no Buildroot tree\nhint: --buildroot alone downloads one/],
]

for (const [args, reason] of WRONG) {
  test(`${args.join(' ')} is wrong usage`, () => {
    const { status, stderr } = rootfs(args)
    assert.equal(status, 2, stderr)
    assert.match(stderr, reason)
  })
}
