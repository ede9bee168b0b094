/**
 * Layers as archives: packed, unpacked, and refused where they would do harm.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Header } from 'tar/header'
import { CannotRun, UsageError } from '../errors.ts'
import { packLayer, writeLayer } from './pack-layer.ts'
import { treeDigest } from './tree-digest.ts'
import { unpackLayer } from './unpack-layer.ts'
import { isWhiteout, keepsNotes, layerEntries, makeOpaque, makeWhiteout } from './whiteouts.ts'

const folder = mkdtempSync(join(tmpdir(), 'layers-'))
after(() => rmSync(folder, { recursive: true }))
const isRoot = process.geteuid?.() === 0
const notRoot = isRoot ? false : 'whiteouts take root, or a user namespace'
const without = isRoot && !keepsNotes(folder) ? 'this file system keeps no attributes' : notRoot

let count = 0
/** A new empty directory. */
function empty(): string {
  const path = join(folder, `d${count++}`)
  mkdirSync(path)
  return path
}

interface Member {
  readonly path: string
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'FIFO' | 'ExtendedHeader'
  readonly linkpath?: string
  readonly text?: string | Buffer
  readonly size?: number
  readonly mode?: number
}

/** An archive of members as they are given, however wicked. */
function archive(members: readonly Member[], pack: (bytes: Buffer) => Buffer = bytes => bytes): string {
  const blocks = members.flatMap(({ path, type = 'File', linkpath, text = '', size, mode = 0o644 }) => {
    const bytes = Buffer.from(text)
    const header = Buffer.alloc(512)
    const fields = { path, type, mode, uid: 0, gid: 0, size: size ?? bytes.length, mtime: new Date(1e12) }
    new Header({ ...fields, ...(linkpath !== undefined && { linkpath }) }).encode(header, 0)
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]
  })
  const file = join(folder, `a${count++}.tar`)
  writeFileSync(file, pack(Buffer.concat([...blocks, Buffer.alloc(1024)])))
  return file
}

/** What is refused, and that nothing of it was written outside. */
function refused(members: readonly Member[], why: RegExp, error: new (...words: never[]) => Error = UsageError): void {
  const before = readdirSync(folder).length
  const target = empty()
  assert.throws(
    () => unpackLayer(archive(members), target),
    (thrown: Error) => thrown instanceof error && why.test(thrown.message) && /\nhint: /.test(thrown.message),
  )
  assert.equal(readdirSync(folder).length, before + 2)
}

test('a layer of texts is unpacked as it was written, plain and packed by gzip', () => {
  const file = join(folder, 'texts.tar')
  writeLayer(file, { 'etc/hosts': 'a\n', 'srv/www/index.html': 'hello\n' }, ['etc'])
  const zipped = join(folder, 'texts.tar.gz')
  writeFileSync(zipped, gzipSync(readFileSync(file)))
  const [one, other] = [empty(), empty()]
  unpackLayer(file, one)
  unpackLayer(zipped, other)
  assert.equal(readFileSync(join(one, 'srv/www/index.html'), 'utf8'), 'hello\n')
  assert.equal(treeDigest(one), treeDigest(other))
})

test('directories have the time of the archive, however many files are in them', { skip: notRoot }, () => {
  const source = empty()
  mkdirSync(join(source, 'etc'))
  for (const name of ['one', 'two', 'three']) writeFileSync(join(source, 'etc', name), name)
  utimesSync(join(source, 'etc'), 1e9, 1e9)
  const [packed, target] = [join(folder, 'times.tar'), empty()]
  packLayer(source, packed)
  unpackLayer(packed, target)
  assert.equal(statSync(join(target, 'etc')).mtimeMs, 1e12)
})

test('an owner or a time that is no number is refused', () => {
  for (const field of ['uid=abc', 'gid=-1', 'mtime=never']) {
    const text = ` ${field}\n`
    const length = text.length + 2
    refused([{ path: 'PaxHeader/a', type: 'ExtendedHeader', text: `${length}${text}` }, { path: 'a' }], /no numbers/)
  }
})

test('tar(1) reads what was packed, and the other way round', () => {
  const source = empty()
  const long = `${'long/'.repeat(30)}name`
  mkdirSync(join(source, 'long/'.repeat(30)), { recursive: true })
  writeFileSync(join(source, long), 'far down', { mode: 0o750 })
  writeFileSync(join(source, 'big'), Buffer.alloc(1_000_000, 7))
  execFileSync('ln', [join(source, 'big'), join(source, 'same')])
  symlinkSync('/bin/busybox', join(source, 'absolute'))
  symlinkSync('../big', join(source, 'long', 'up'))
  const packed = join(folder, 'packed.tar')
  assert.deepEqual(packLayer(source, packed), [])
  const [byTar, byUs, again] = [empty(), empty(), empty()]
  execFileSync('tar', ['-x', '-p', '-f', packed, '-C', byTar])
  unpackLayer(packed, byUs)
  assert.equal(treeDigest(byTar), treeDigest(source))
  assert.equal(treeDigest(byUs), treeDigest(source))
  assert.equal(statSync(join(byUs, 'same')).ino, statSync(join(byUs, 'big')).ino)
  execFileSync('tar', ['-c', '-z', '-f', packed, '-C', source, '.'])
  unpackLayer(packed, again)
  assert.equal(treeDigest(again), treeDigest(source))
})

test('a removed file and an opaque directory come through an archive', { skip: without }, () => {
  const source = empty()
  for (const name of ['etc', 'srv']) mkdirSync(join(source, name))
  makeWhiteout(join(source, 'etc', 'profile'))
  makeOpaque(join(source, 'srv'))
  const packed = join(folder, 'marks.tar')
  packLayer(source, packed)
  assert.match(
    execFileSync('tar', ['-tf', packed], { encoding: 'utf8' }),
    /^etc\/\.wh\.profile$[\s\S]*^srv\/\.wh\.\.wh\.\.opq$/m,
  )
  const target = empty()
  unpackLayer(packed, target)
  const kinds = layerEntries(target).map(({ path, kind }) => `${path} ${kind}`)
  assert.deepEqual(kinds, ['etc directory', 'etc/profile whiteout', 'srv opaque directory'])
  assert.ok(isWhiteout(join(target, 'etc', 'profile')))
})

test('of two entries of one name the later one counts', () => {
  const target = empty()
  unpackLayer(
    archive([
      { path: 'a', text: 'one' },
      { path: './a', text: 'two' },
    ]),
    target,
  )
  assert.equal(readFileSync(join(target, 'a'), 'utf8'), 'two')
})

test('a whiteout hides what lower layers have and not what its own has, in whichever order', { skip: without }, () => {
  const [file, directory] = [{ path: 'f', text: 'x' }, { path: 'd/', type: 'Directory', mode: 0o750 } as const]
  const marks = [{ path: '.wh.f' }, { path: '.wh.d' }, { path: '.wh.gone' }]
  const inner = { path: 'd/inner', text: 'y' }
  for (const members of [
    [...marks, file, directory, inner],
    [file, directory, inner, ...marks],
    [...marks, inner, directory, file],
  ]) {
    const target = empty()
    unpackLayer(archive(members), target)
    const kinds = layerEntries(target).map(({ path, kind }) => `${path} ${kind}`)
    assert.deepEqual(kinds, ['d opaque directory', 'd/inner file', 'f file', 'gone whiteout'])
    assert.equal(statSync(join(target, 'd')).mode & 0o777, 0o750)
  }
})

test('of an archive that cannot be written whole nothing is left', () => {
  const file = join(folder, 'half.tar')
  assert.throws(() => packLayer(join(folder, 'nowhere'), file), { code: 'ENOENT' })
  assert.equal(existsSync(file), false)
})

test('nothing is written outside of the directory: absolute names, .., and ways through links', () => {
  const outside = empty()
  refused([{ path: '../out', text: 'x' }], /leads out of the layer/)
  refused([{ path: 'a/../../out', text: 'x' }], /leads out of the layer/)
  refused([{ path: join(outside, 'out'), text: 'x' }], /is an absolute path/)
  refused(
    [
      { path: 'x', type: 'SymbolicLink', linkpath: outside },
      { path: 'x/out', text: 'x' },
    ],
    /goes through x/,
  )
  refused([{ path: 'x', type: 'SymbolicLink', linkpath: outside }, { path: 'x/.wh.out' }], /goes through x/)
  refused([{ path: 'up', type: 'SymbolicLink', linkpath: '../../etc/passwd' }], /is a link out of the layer/)
  refused(
    [
      { path: 'a/', type: 'Directory' },
      { path: 'a/up', type: 'SymbolicLink', linkpath: '../..' },
    ],
    /link out of/,
  )
  assert.deepEqual(readdirSync(outside), [])
})

test('a file is written to its own place, and not through a link of that name', () => {
  const target = empty()
  const victim = join(folder, 'victim')
  writeFileSync(victim, 'safe')
  unpackLayer(
    archive([
      { path: 'x', type: 'SymbolicLink', linkpath: victim },
      { path: 'x', text: 'mine' },
    ]),
    target,
  )
  assert.equal(readFileSync(victim, 'utf8'), 'safe')
  assert.ok(lstatSync(join(target, 'x')).isFile())
})

test('hard links go to files of the layer alone', () => {
  refused([{ path: 'x', type: 'Link', linkpath: '/etc/passwd' }], /absolute path/)
  refused([{ path: 'x', type: 'Link', linkpath: '../../etc/passwd' }], /leads out/)
  refused(
    [
      { path: 'l', type: 'SymbolicLink', linkpath: '/etc/passwd' },
      { path: 'x', type: 'Link', linkpath: 'l' },
    ],
    /no file of this layer/,
  )
  refused([{ path: 'x', type: 'Link', linkpath: 'missing' }], /no file of this layer/)
})

test('devices, pipes and marks without a name are refused', () => {
  refused([{ path: 'sda', type: 'CharacterDevice' }], /sda is a CharacterDevice/)
  refused([{ path: 'p', type: 'FIFO' }], /p is a FIFO/)
  refused([{ path: 'a/.wh.' }], /removes no name/)
  refused([{ path: '.wh...' }], /removes no name/)
})

test('a gigabyte of zeros ends at the bound, before it is written', () => {
  const target = empty()
  const claims = archive([{ path: 'zeros', size: 1e9 }])
  assert.throws(() => unpackLayer(claims, target), /unpacks to more than 256 MB/)
  const zeros = Buffer.alloc(3_000_000)
  const many = archive(
    [
      { path: 'a', text: zeros },
      { path: 'b', text: zeros },
    ],
    bytes => gzipSync(bytes),
  )
  assert.throws(() => unpackLayer(many, empty(), { bytes: 5e6, entries: 10 }), /more than 5 MB \(at b\)/)
  const names = archive(Array.from({ length: 12 }, (_, i) => ({ path: `f${i}` })))
  assert.throws(() => unpackLayer(names, empty(), { bytes: 5e6, entries: 10 }), /more than 10 entries/)
  assert.ok(!existsSync(join(target, 'zeros')))
  // Zeros without a header end an archive, and whatever comes behind its end is not read.
  const endless = join(folder, 'endless.tar.gz')
  writeFileSync(endless, gzipSync(Buffer.alloc(300_000_000), { level: 1 }))
  unpackLayer(endless, target)
  assert.deepEqual(readdirSync(target), [])
})

test('what is broken is said to be broken', () => {
  const cut = archive([{ path: 'a', text: Buffer.alloc(5000, 1) }])
  truncateSync(cut, 2000)
  const zipped = archive([{ path: 'a', text: Buffer.alloc(5000, 1) }], bytes => gzipSync(bytes))
  truncateSync(zipped, 40)
  const noise = join(folder, 'noise')
  writeFileSync(noise, 'this is no archive')
  appendFileSync(noise, Buffer.alloc(2000, 0x5a))
  for (const file of [cut, zipped, noise]) assert.throws(() => unpackLayer(file, empty()), UsageError, file)
  assert.throws(() => unpackLayer(join(folder, 'missing'), empty()), /cannot be read \(ENOENT\)/)
  assert.throws(() => unpackLayer(folder, empty()), /is no file/)
})

test('a layer for another processor cannot run here', () => {
  const elf = Buffer.alloc(64)
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  // e_machine: that of S/390.
  elf.writeUInt16LE(22, 18)
  refused([{ path: 'bin/sh', text: elf, mode: 0o755 }], /for another processor/, CannotRun)
})
