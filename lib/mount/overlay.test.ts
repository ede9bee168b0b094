/**
 * Overlay, propagation and mountinfo, in a mount namespace of a child.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { clone } from '../clone.ts'
import { CannotRun } from '../errors.ts'
import { CLONE_NEWNS, SIGCHLD } from '../flags.ts'
import { waitpid } from '../process.ts'
import { isPrivileged } from '../rights/privileges.ts'
import * as M from './mount.ts'
import { mountOverlay, overlayOptions } from './overlay.ts'
import { propagationOf, setPropagation } from './propagation.ts'
import { getXattr, setXattr } from './xattr.ts'

const folder = mkdtempSync(join(tmpdir(), 'overlay-'))
after(() => rmSync(folder, { recursive: true }))
const skip = isPrivileged(['mounts']) ? false : 'mounting takes root'

/** Runs an action in a child with mounts of its own, where `folder` is a file system in memory. */
function inside(action: () => void): void {
  const report = join(folder, 'report')
  const pid = clone(() => {
    setPropagation('/', 'private', { recursive: true })
    const place = join(folder, 'place')
    mkdirSync(place, { recursive: true })
    M.mount('test', place, 'tmpfs')
    process.chdir(place)
    try {
      action()
      writeFileSync(report, 'done')
    } catch (error) {
      writeFileSync(report, String((error as Error).stack))
    }
  }, CLONE_NEWNS | SIGCHLD)
  waitpid(pid)
  assert.equal(readFileSync(report, 'utf8'), 'done')
}

const mountAt = (name: string) => {
  const found = M.mounts().findLast(({ target }) => target === join(folder, 'place', name))
  assert.ok(found, name)
  return found
}

test('the options of an overlay name the uppermost layer first, and quote what separates them', () => {
  const overlay = { lower: ['a:b', 'c,d', 'e\\f'], upper: 'u', work: 'w' }
  assert.equal(overlayOptions(overlay, false), 'lowerdir=a\\:b:c\\,d:e\\\\f,upperdir=u,workdir=w')
  assert.match(overlayOptions(overlay, true), /,userxattr$/)
})

test('what is written to an overlay goes into its upper directory', { skip }, () =>
  inside(() => {
    for (const name of ['lo:w', 'up,per', 'work', 'root']) mkdirSync(name)
    writeFileSync('lo:w/file', 'below')
    mountOverlay({ lower: ['lo:w'], upper: 'up,per', work: 'work' }, 'root')
    writeFileSync('root/file', 'above')
    assert.deepEqual([readFileSync('lo:w/file', 'utf8'), readFileSync('up,per/file', 'utf8')], ['below', 'above'])
    assert.equal(mountAt('root').type, 'overlay')
  }),
)

test('an upper directory on an overlay cannot be, and the reason is told', { skip }, () =>
  inside(() => {
    for (const name of ['low', 'upper', 'work', 'root']) mkdirSync(name)
    mountOverlay({ lower: ['low'], upper: 'upper', work: 'work' }, 'root')
    for (const name of ['u', 'w', 'r']) mkdirSync(`root/${name}`)
    assert.throws(
      () => mountOverlay({ lower: ['low'], upper: 'root/u', work: 'root/w' }, 'root/r'),
      (error: Error) =>
        error instanceof CannotRun && /lies on an overlay itself[\s\S]*hint: .*tmpfs/.test(error.message),
    )
  }),
)

test('a shared mount and its slave hear of a mount, a private one does not', { skip }, () =>
  inside(() => {
    for (const name of ['media', 'slave', 'private']) mkdirSync(name)
    M.mount('media', 'media', 'tmpfs')
    setPropagation('media', 'shared')
    mkdirSync('media/stick')
    for (const kind of ['slave', 'private'] as const) {
      M.mount('media', kind, null, M.MS_BIND)
      setPropagation(kind, kind)
    }
    M.mount('stick', 'media/stick', 'tmpfs')
    writeFileSync('media/stick/file', '')
    assert.deepEqual(
      ['slave', 'private'].map(kind => readdirSync(`${kind}/stick`).length),
      [1, 0],
    )
    assert.deepEqual(
      ['media', 'slave', 'private'].map(name => propagationOf(mountAt(name))),
      ['shared', 'slave', 'private'],
    )
    assert.equal(mountAt('slave').master, mountAt('media').peers)
    assert.deepEqual([M.isMountPoint(join(folder, 'place', 'media')), M.isMountPoint('/nowhere')], [true, false])
    assert.throws(() => setPropagation('media', 'shy' as 'slave'), TypeError)
  }),
)

test('an attribute is read as it was set; without one there is nothing', { skip }, () =>
  inside(() => {
    writeFileSync('file', '')
    assert.equal(getXattr('file', 'trusted.note'), undefined)
    setXattr('file', 'trusted.note', 'a word')
    assert.equal(getXattr('file', 'trusted.note')?.toString(), 'a word')
    assert.throws(() => getXattr('missing', 'trusted.note'), /lgetxattr\("missing", "trusted.note"\): ENOENT/)
  }),
)

test('a line of mountinfo with all its parts', () => {
  const [mount] = M.parseMounts(
    '36 35 98:0 /mnt1 /mnt\\040two rw,noatime shared:1 master:7 - ext3 /dev/root rw,errors=continue\n',
  )
  assert.deepEqual(mount, {
    id: 36,
    parent: 35,
    device: '98:0',
    root: '/mnt1',
    target: '/mnt two',
    attributes: ['rw', 'noatime'],
    isShared: true,
    peers: 1,
    master: 7,
    type: 'ext3',
    source: '/dev/root',
    options: 'rw,errors=continue',
  })
})
