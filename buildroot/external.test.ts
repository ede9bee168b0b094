import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { DEVICES } from '../lib/mount/rootfs.ts'
import { configure } from './build.ts'
import { fetchRelease } from './release.ts'
import { EXTERNAL } from './skeleton.ts'
import { fresh, inFolder, programs } from './testing.ts'

test('a release whose sha256 is wrong is refused and not kept', async () => {
  const work = fresh('release')
  const path = process.env['PATH']
  process.env['PATH'] = `${programs('fake-wget', { wget: 'echo wrong > "$3"' })}:${path}`
  try {
    await assert.rejects(fetchRelease(work), /its sha256 is \w{64}, and should be 5a59e750/)
  } finally {
    process.env['PATH'] = path
  }
  assert.deepEqual(readdirSync(work), [])
})

const defconfigs = readdirSync(join(EXTERNAL, 'configs'))
const readExternal = (...words: string[]) => readFileSync(join(EXTERNAL, ...words), 'utf8')

/** A Buildroot tree of one Makefile. `%_defconfig` and savedefconfig run the commands. */
function fakeBuildroot(name: string, onConfigure: string, onSave: string): string {
  const path = fresh(name)
  const rules = ['%_defconfig:', '\t@mkdir -p $(O)', `\t@printf 'savedefconfig:\\n\\t@${onSave}\\n' > $(O)/Makefile`]
  writeFileSync(join(path, 'Makefile'), [...rules, `\t@${onConfigure}`, ''].join('\n'))
  return path
}

test('a Buildroot that warns, or loses a line of the configuration, is refused', async context => {
  if (spawnSync('make', ['--version']).error) return context.skip('no make')
  const output = (name: string) => inFolder(`${name}-output`)
  const warns = fakeBuildroot('warns', 'echo ".config:1:warning: unknown symbol" >&2', 'true')
  await assert.rejects(configure(warns, output('warns')), /does not accept .*: .config:1:warning: unknown symbol/)
  const loses = fakeBuildroot('loses', 'true', 'echo BR2_other=y > $$(BR2_DEFCONFIG)')
  await assert.rejects(configure(loses, output('loses')), /drops \[.*BR2_INIT_NONE=y.*\] and adds \[BR2_other=y\]/)
  const stops = fakeBuildroot('stops', 'exit 3', 'true')
  await assert.rejects(configure(stops, output('stops')), /Buildroot stopped: .*Error 3/)
})

test('every file that a defconfig names is in the BR2_EXTERNAL tree', () => {
  const [, name] = /^name: (\w+)$/m.exec(readExternal('external.desc')) ?? []
  for (const file of ['external.mk', 'Config.in']) assert.ok(existsSync(join(EXTERNAL, file)), file)
  for (const defconfig of defconfigs) {
    const text = readExternal('configs', defconfig)
    const paths = [...text.matchAll(/\$\(BR2_EXTERNAL_(\w+)_PATH\)\/([^"\s]+)/g)]
    assert.equal(paths.length, 3)
    for (const [, tree, path] of paths) {
      assert.equal(tree, name)
      assert.ok(existsSync(join(EXTERNAL, path as string)), path)
    }
  }
  assert.equal(statSync(join(EXTERNAL, 'post_build.sh')).mode & 0o111, 0o111)
})

test('the two defconfigs differ in architecture and compiler alone', () => {
  assert.deepEqual(defconfigs, ['containers_aarch64_defconfig', 'containers_x86_64_defconfig'])
  const kept = defconfigs.map(name =>
    readExternal('configs', name)
      .split('\n')
      .filter(line => !/^BR2_(x86_64|aarch64|STATIC_LIBS|TOOLCHAIN_\w+)=y$/.test(line)),
  )
  assert.deepEqual(kept[0], kept[1])
})

test('the device table has the devices that a tree from busybox has', () => {
  const rows = readExternal('device_table.txt')
    .split('\n')
    .filter(line => line && !line.startsWith('#'))
    .map(line => line.split(/\s+/))
  assert.ok(rows.every(row => row.length === 10))
  const found = rows
    .filter(([, type]) => type === 'c')
    .map(([name, , mode, , , major, minor]) => [name, mode, major, minor])
  const wanted = [...DEVICES, { name: 'console', major: 5, minor: 1, mode: 0o600 }].map(
    ({ name, mode, major, minor }) => [`/dev/${name}`, mode.toString(8), String(major), String(minor)],
  )
  assert.deepEqual(found, wanted)
})

test('the post-build script links ptmx, removes what an init would run, and misses no program', () => {
  const target = fresh('target')
  for (const path of ['dev', 'bin', 'etc/init.d']) mkdirSync(join(target, path), { recursive: true })
  const script = join(EXTERNAL, 'post_build.sh')
  assert.match(spawnSync(script, [target], { encoding: 'utf8' }).stderr, /busybox was built without sh/)
  for (const name of 'sh ps ip ifconfig ping hostname mount ipcs top vi tty stty'.split(' '))
    symlinkSync('busybox', join(target, 'bin', name))
  assert.equal(spawnSync(script, [target]).status, 0)
  assert.equal(readlinkSync(join(target, 'dev/ptmx')), 'pts/ptmx')
  assert.equal(existsSync(join(target, 'etc/init.d')), false)
})
