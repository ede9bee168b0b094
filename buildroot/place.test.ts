import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import * as F from '../lib/flags.ts'
import { until } from '../lib/machine/until.ts'
import { MS_PRIVATE, MS_REC, mount } from '../lib/mount/mount.ts'
import { checkRootfs } from '../lib/mount/rootfs.ts'
import { capture } from '../lib/testing/in-child.ts'
import { fresh, inFolder, made, PROGRAM, programs, replace, rootfs, skip } from './testing.ts'

test('a tree of ours is replaced, and nothing is removed through its links', () => {
  const tree = made('again')
  const elsewhere = fresh('again-elsewhere')
  writeFileSync(join(elsewhere, 'kept'), 'kept')
  symlinkSync(elsewhere, join(tree, 'mnt/link'))
  replace(tree, 'usr', () => elsewhere)
  const before = lstatSync(tree).ino
  made('again')
  assert.notEqual(lstatSync(tree).ino, before)
  assert.ok(lstatSync(join(tree, 'usr')).isDirectory())
  assert.deepEqual(readdirSync(elsewhere), ['kept'])
})

const STRANGERS: [string, RegExp, (place: string) => void][] = [
  [
    'a directory with files',
    /was not made by this program/,
    place => mkdirSync(join(place, 'work'), { recursive: true }),
  ],
  ['a file', /is no directory/, place => writeFileSync(place, 'mine')],
  ['a symbolic link', /is a symbolic link/, place => symlinkSync(fresh('linked-to'), place)],
  ['a copy of a tree', /was not made by/, place => spawnSync('cp', ['-a', made('copied'), place])],
  [
    'a tree whose etc leads to a record elsewhere',
    /was not made by/,
    place => {
      made('stranger-etc')
      replace(place, 'etc', () => join(inFolder('again'), 'etc'))
    },
  ],
]

for (const [index, [title, reason, occupy]] of STRANGERS.entries()) {
  test(`${title} in its place is left alone`, () => {
    const place = inFolder(index === STRANGERS.length - 1 ? 'stranger-etc' : `stranger-${index}`)
    occupy(place)
    const before = readlinkOrList(place)
    const { status, stderr } = rootfs(['--output', place])
    assert.equal(status, 2, stderr)
    assert.match(stderr, reason)
    assert.deepEqual(readlinkOrList(place), before)
  })
}

function readlinkOrList(place: string): unknown {
  const stat = lstatSync(place)
  if (stat.isSymbolicLink()) return [readlinkSync(place), readdirSync(place)]
  return stat.isDirectory() ? readdirSync(place) : readFileSync(place, 'utf8')
}

test('an empty directory is taken', () => {
  const place = fresh('empty')
  made('empty')
  assert.ok(existsSync(join(place, 'bin/sh')))
})

test('a tree in which something is mounted is not removed', { skip }, () => {
  const tree = made('mounted')
  const { code, output } = capture(F.CLONE_NEWNS, () => {
    mount('none', '/', null, MS_REC | MS_PRIVATE)
    mount('tmpfs', join(tree, 'mnt'), 'tmpfs')
    const { status, stderr } = rootfs(['--output', tree])
    console.log(stderr)
    return status ?? 1
  })
  assert.equal(code, 77)
  assert.match(output, /mnt is a mount\nhint: sudo umount/)
})

const SLOW = { 'apt-get': 'echo started > started; exec sleep 60', 'dpkg-deb': 'exit 1' }

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} leaves the old tree and no temporary folder`, async () => {
    const place = fresh(`interrupted-${signal}`)
    const tree = made(`interrupted-${signal}/fs`)
    const before = lstatSync(tree).ino
    const path = `${programs(`slow-${signal}`, SLOW)}:${process.env['PATH']}`
    const child = spawn(process.execPath, [...PROGRAM, '--output', tree, '--from', 'package'], {
      env: { ...process.env, PATH: path },
      stdio: 'ignore',
    })
    const hasStarted = () => readdirSync(place).some(name => existsSync(join(place, name, 'scratch/started')))
    assert.ok(until(hasStarted, 30))
    child.kill(signal)
    assert.deepEqual(await once(child, 'exit'), [code, null])
    assert.deepEqual(readdirSync(place), ['fs'])
    assert.equal(lstatSync(tree).ino, before)
  })
}

test('what a killed run has left is removed by the next, and a running one keeps its own', async () => {
  const place = fresh('killed')
  const path = `${programs('slow-killed', SLOW)}:${process.env['PATH']}`
  const start = () =>
    spawn(process.execPath, [...PROGRAM, '--output', join(place, 'fs'), '--from', 'package'], {
      env: { ...process.env, PATH: path },
      stdio: 'ignore',
      detached: true,
    })
  const folders = () => readdirSync(place).filter(name => existsSync(join(place, name, 'scratch/started')))
  const [killed, running] = [start(), start()]
  assert.ok(until(() => folders().length === 2, 30))
  process.kill(-(killed.pid as number), 'SIGKILL')
  await once(killed, 'exit')
  made('killed/fs')
  assert.deepEqual(
    readdirSync(place).filter(name => name.includes(`-${killed.pid}-`)),
    [],
  )
  assert.equal(folders().length, 1)
  running.kill('SIGTERM')
  await once(running, 'exit')
  assert.deepEqual(readdirSync(place), ['fs'])
})

test('five at once leave one whole tree', async () => {
  const place = fresh('crowd')
  const start = () => spawn(process.execPath, [...PROGRAM, '--output', join(place, 'fs')], { stdio: 'ignore' })
  const ends = await Promise.all(Array.from({ length: 5 }, () => once(start(), 'exit')))
  assert.deepEqual(
    ends.map(([code]) => code),
    [0, 0, 0, 0, 0],
  )
  assert.deepEqual(readdirSync(place), ['fs'])
  checkRootfs(join(place, 'fs'))
})
