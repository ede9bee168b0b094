/**
 * `npm run vm` without a guest: its parts, and what it says where nothing can be started.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import { CannotRun, UsageError } from '../lib/errors.ts'
import { findProgram } from '../lib/machine/find-program.ts'
import { fresh, inFolder, programs } from './testing.ts'
import { OTHER_ARCH } from './vm/architecture.ts'
import { openArchive } from './vm/archive.ts'
import { cacheFolders, openCache } from './vm/cache.ts'
import { readCommandLine } from './vm/command-line.ts'
import { cpio } from './vm/cpio.ts'
import { imageRelease, imagesBelow, kernelBelow, openKernel } from './vm/kernel.ts'
import { releasesAmong, withParts } from './vm/kernel-package.ts'
import { moduleOrder, parseModules } from './vm/modules.ts'
import { checkMemory, hasKvm, qemuArguments } from './vm/qemu.ts'
import { quote } from './vm/settings.ts'
import { strangerNode } from './vm/stranger.ts'
import { unpackImage } from './vm/unpacked.ts'

/** The parts of a packed x86 kernel that are looked at. */
function makeImage(release: string, kernel = Buffer.alloc(0)): Buffer {
  const payload = gzipSync(kernel)
  const image = Buffer.alloc(1024 + payload.length)
  image[0x1f1] = 1
  image.write('HdrS', 0x202)
  image.writeUInt16LE(0x100, 0x20e)
  image.writeUInt32LE(0, 0x248)
  image.writeUInt32LE(payload.length, 0x24c)
  image.write(`${release} (somebody@somewhere) #1\0`, 0x300)
  payload.copy(image, 1024)
  return image
}

function put(path: string, content: string | Buffer): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

const DEP = [
  'kernel/virtio_pci.ko.xz: kernel/virtio.ko.xz kernel/virtio_ring.ko.xz',
  'kernel/virtio_console.ko.xz: kernel/virtio.ko.xz kernel/virtio_ring.ko.xz',
  'kernel/virtio.ko.xz: kernel/virtio_ring.ko.xz',
  'kernel/virtio_ring.ko.xz:',
  'kernel/9p.ko.xz: kernel/9pnet.ko.xz',
  'kernel/9pnet.ko.xz:',
  'kernel/9pnet_virtio.ko.xz: kernel/9pnet.ko.xz kernel/virtio.ko.xz kernel/virtio_ring.ko.xz',
  'kernel/virtio-rng.ko.xz: kernel/virtio.ko.xz kernel/virtio_ring.ko.xz',
].join('\n')

test('a module is loaded after those it needs, once, and not at all where the kernel has it built in', () => {
  const table = parseModules(DEP, 'kernel/fs/overlayfs/overlay.ko\n')
  const { order, lacking } = moduleOrder(table, ['virtio_pci', '9pnet_virtio', 'overlay'], ['virtio_rng', 'veth'])
  const names = order.map(path => path.replace(/kernel\/(.*)\.ko\.xz/, '$1'))
  assert.deepEqual(names, ['virtio_ring', 'virtio', 'virtio_pci', '9pnet', '9pnet_virtio', 'virtio-rng'])
  assert.deepEqual(lacking, [])
  assert.deepEqual(moduleOrder(table, ['virtio_blk'], []).lacking, ['virtio_blk'])
})

test('an archive is what cpio reads', context => {
  const busybox = findProgram('busybox')
  if (!busybox) return context.skip('PATH has no busybox')
  const file = put(
    inFolder('archive.cpio'),
    cpio([
      { name: 'bin', mode: 0o755 },
      { name: 'bin/odd', mode: 0o700, content: 'five!' },
      { name: 'empty', mode: 0o644, content: '' },
    ]),
  )
  const unpacked = fresh('unpacked')
  const { status, stderr } = spawnSync(busybox, ['cpio', '-idF', file], { cwd: unpacked, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.deepEqual(readdirSync(unpacked, { recursive: true }).map(String).sort(), ['bin', 'bin/odd', 'empty'])
  const listed = spawnSync(busybox, ['cpio', '-itvF', file], { encoding: 'utf8' }).stdout
  assert.match(listed, /^-rwx------ .*\b5 .*bin\/odd$/m)
})

test('options stand before the first word that is none, and the rest is the command as it is', () => {
  const command = (...args: string[]) => readCommandLine(args).command
  assert.deepEqual(command('npm', 'run', 'check', '--', '--json'), ['npm', 'run', 'check', '--', '--json'])
  assert.deepEqual(command('--cgroup', 'v1', '--user', 'ls', '--cgroup'), ['ls', '--cgroup'])
  assert.deepEqual(command('--cgroup=v1', '--', '--odd'), ['--odd'])
  assert.deepEqual(command(), [])
  assert.equal(readCommandLine(['--cgroup', 'hybrid', 'true']).cgroup, 'hybrid')
  assert.deepEqual(readCommandLine(['--kernel', '5.10', 'true']).kernel, { version: '5.10' })
  assert.deepEqual(readCommandLine(['--kernel', '/boot/vmlinuz', 'true']).kernel, { file: '/boot/vmlinuz' })
  assert.equal(readCommandLine(['--arch', OTHER_ARCH, 'true']).arch, OTHER_ARCH)
  for (const args of [['--cgroup', 'v3'], ['--cgroup'], ['--odd', 'ls'], ['--memory', '1M'], ['--modules', '/x']])
    assert.throws(() => readCommandLine(args), UsageError, args.join(' '))
  const refused: [string[], RegExp][] = [
    [['--arch', 'riscv'], /^--arch must be one of x64, arm64, not "riscv"$/],
    [['--arch', OTHER_ARCH, '--accel', 'kvm'], /^--accel kvm: KVM runs guests of this machine's own processor/],
    [['--kernel', '4.19'], /^--kernel 4\.19: the labs and their checks need Linux 5\.10 or later$/],
    [['--kernel', '5.4'], /^--kernel 5\.4: /],
    [['--kernel', '6.12', '--modules', '/x'], /^--modules goes with --kernel FILE$/],
  ]
  for (const [args, message] of refused) assert.throws(() => readCommandLine(args), { name: 'UsageError', message })
  // 5 may be 5.10.
  for (const version of ['5', '5.10', '5.15.3', '7']) readCommandLine(['--kernel', version])
})

test('a word reaches the shell in the guest as it is', () => {
  const odd = `it's "$HOME" \\ *\n;`
  assert.equal(spawnSync('sh', ['-c', `printf %s ${quote(odd)}`], { encoding: 'utf8' }).stdout, odd)
})

test('the running kernel comes first, then the newest; one without modules is passed over', () => {
  const root = fresh('kernels')
  for (const release of ['6.9.0-1', '6.10.0-2', '5.4.0-3'])
    put(join(root, 'boot', `vmlinuz-${release}`), makeImage(release))
  const releases = imagesBelow(root, '5.4.0-3').map(path => basename(path).replace('vmlinuz-', ''))
  assert.deepEqual(releases, ['5.4.0-3', '6.10.0-2', '6.9.0-1'])
  put(join(root, 'lib/modules/6.9.0-1/modules.dep'), DEP)
  put(join(root, 'lib/modules/6.9.0-1/modules.builtin'), 'kernel/fs/overlayfs/overlay.ko\n')
  put(join(root, 'lib/modules/6.10.0-2/modules.dep'), 'kernel/overlay.ko:\n')
  const { kernel, reasons } = kernelBelow(root)
  assert.equal(kernel?.release, '6.9.0-1')
  assert.match(reasons.join('\n'), /6\.10\.0-2\) lacks virtio_pci, virtio_console, 9p/)
})

test('a file that is no kernel, is missing, or has no modules is refused with the reason', () => {
  const image = put(inFolder('lonely'), makeImage('6.9.9-lonely'))
  const refused = (path: string, reason: RegExp, modules?: string) =>
    assert.throws(
      () => openKernel(path, modules),
      (error: Error) => error instanceof CannotRun && reason.test(error.message),
    )
  refused(inFolder('nowhere'), /cannot be read: ENOENT/)
  refused(put(inFolder('text'), 'no kernel'.repeat(200)), /is no Linux kernel/)
  refused(put(inFolder('nothing'), ''), /is no Linux kernel/)
  refused(image, /6\.9\.9-lonely\) has no modules: .*\nhint: --modules/)
  refused(image, /has no modules/, fresh('no-modules'))
  const arm = Buffer.alloc(1024)
  arm.write('ARM\x64', 56)
  assert.equal(imageRelease('/boot/vmlinuz-6.1.0-arm64', arm, 'arm64'), '6.1.0-arm64')
  assert.equal(imageRelease('/boot/vmlinuz-6.1.0-arm64', arm, 'x64'), undefined)
  assert.equal(imageRelease('/boot/vmlinuz-6.9.9', makeImage('6.9.9'), 'arm64'), undefined)
})

test('of a kernel’s releases in an archive the newest of a version is taken, and no other flavour', () => {
  const names = [
    ...['5.10.0-30-amd64', '5.10.0-32-amd64', '5.10.0-32-rt-amd64', '5.10.0-32-arm64', '6.1.0-50-cloud-amd64'],
    ...[
      '6.12.9+deb13-amd64',
      '6.12.95+deb12-amd64',
      '6.12.90+deb12.1-amd64',
      '7.2.13+deb14-amd64',
      '7.3.4+deb13-amd64',
    ],
    ...['amd64', '7.3.4+deb13-amd64-dbg', '5.1.9-amd64'],
  ].map(name => `linux-image-${name}`)
  const newest = (version: string, arch = 'amd64') => releasesAmong(names, arch, version).at(-1)
  assert.deepEqual(
    [newest('5.10'), newest('5.10', 'arm64'), newest('6.12'), newest('7'), newest('7.2'), newest('5.1'), newest('6.1')],
    ['5.10.0-32', '5.10.0-32', '6.12.95+deb12', '7.3.4+deb13', '7.2.13+deb14', '5.1.9', undefined],
  )
})

test('a kernel whose package is split comes with its parts, whole ones with nothing else', async () => {
  const depends: Record<string, string> = {
    'linux-image-7.3.4+deb13-amd64':
      'dracut | initramfs-tools (>= 0.120+deb8u2), linux-base-7.3.4+deb13-amd64 (= 7.3.4-1~bpo13+1), ' +
      'linux-binary-7.3.4+deb13-amd64 (= 7.3.4-1~bpo13+1), linux-modules-7.3.4+deb13-amd64 (= 7.3.4-1~bpo13+1)',
    'linux-modules-7.3.4+deb13-amd64': 'linux-base-7.3.4+deb13-amd64 (= 7.3.4-1~bpo13+1)',
    'linux-image-6.1.0-57-amd64': 'kmod, linux-base (>= 4.3~), initramfs-tools (>= 0.120+deb8u2)',
    'linux-image-6.8.0-31-generic': 'kmod, linux-base (>= 4.5ubuntu1~16.04.1), linux-modules-6.8.0-31-generic',
  }
  const archive = { field: async (name: string) => depends[name] ?? '' }
  const partsOf = async (name: string) => (await withParts(archive, name)).map(part => part.split('-')[1]).sort()
  assert.deepEqual(await partsOf('linux-image-7.3.4+deb13-amd64'), ['base', 'binary', 'image', 'modules'])
  assert.deepEqual(await partsOf('linux-image-6.1.0-57-amd64'), ['image'])
  assert.deepEqual(await partsOf('linux-image-6.8.0-31-generic'), ['image', 'modules'])
})

test('QEMU gets the options of each processor, and KVM is only for this machine’s own', () => {
  const plan = { memory: 1e9, cpus: 1, cgroup: 'v2', parts: { image: '/k', initramfs: '/i' } } as const
  const words = (arch: 'x64' | 'arm64', accel: 'kvm' | 'tcg', folder = '/') =>
    qemuArguments({ ...plan, arch, accel, shares: [{ tag: 'machine', folder }] }, () => 100).join(' ')
  assert.match(words('x64', 'tcg'), /-M q35 .*-cpu max .*console=ttyS0/)
  // A counter that is imitated is measured wrongly on a busy machine.
  assert.match(words('x64', 'tcg'), /tsc=unstable/)
  assert.match(words('x64', 'kvm'), /tsc=reliable/)
  assert.match(words('arm64', 'tcg'), /-M virt .*-cpu cortex-a72 .*console=ttyAMA0/)
  assert.match(words('arm64', 'kvm'), /-M virt -accel kvm -cpu max .*earlycon/)
  assert.match(words('arm64', 'tcg'), / kpti=off/)
  assert.doesNotMatch(words('arm64', 'tcg'), /tsc=|undefined/)
  assert.match(words('x64', 'tcg', '/a,b'), /id=machine,path=\/a,,b,.*fsdev=machine,mount_tag=machine/)
  assert.equal(hasKvm(OTHER_ARCH), false)
})

test('where apt knows no archive of Debian, the reason and the remedy are said', async () => {
  const before = process.env['PATH']
  process.env['PATH'] = `${programs('ubuntu', { 'apt-get': 'echo "Ubuntu Ubuntu http://there/ noble"' })}:${before}`
  try {
    await assert.rejects(openArchive(fresh('lists'), OTHER_ARCH), (error: Error) => {
      assert.ok(error instanceof CannotRun)
      assert.match(error.message, /knows no archive of Debian.*\nhint: .*apt-get update/)
      return true
    })
  } finally {
    process.env['PATH'] = before
  }
})

test('a guest of the other processor has the Node of the line that this one is of', () => {
  for (const line of ['20', '22', '24', '26']) assert.match(strangerNode(`${line}.99.0`), new RegExp(`^${line}\\.`))
  assert.equal(strangerNode('31.0.0'), strangerNode('26.0.0'))
})

test('a kernel is unpacked where QEMU can start it without its packing', () => {
  const note = Buffer.from([4, 0, 0, 0, 8, 0, 0, 0, 18, 0, 0, 0, ...Buffer.from('Xen\0')])
  const kernel = Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(100), note])
  assert.deepEqual(unpackImage(makeImage('6.9.0', kernel)), kernel)
  assert.equal(unpackImage(makeImage('6.9.0', Buffer.from('\x7fELF'))), undefined)
  assert.equal(unpackImage(Buffer.alloc(2000)), undefined)
  const damaged = makeImage('6.9.0', kernel)
  damaged.fill(0, 1030)
  assert.equal(unpackImage(damaged), undefined)
})

test('too little memory is said before anything starts', () => {
  assert.doesNotThrow(() => checkMemory(1e9, 'MemAvailable: 1000000 kB\n'))
  assert.throws(
    () => checkMemory(2e9, 'MemAvailable: 1000000 kB\n'),
    /2000M of memory, and this machine has 1024M free\nhint/,
  )
})

test('where the checkout cannot be written, the cache is elsewhere, and in the end goes with the run', () => {
  const blocked = put(inFolder('file'), '')
  const second = inFolder('second')
  assert.equal(openCache([join(blocked, 'vm'), second]).folder, second)
  const { folder, end } = openCache([join(blocked, 'vm')])
  assert.ok(existsSync(folder))
  end()
  assert.ok(!existsSync(folder))
  assert.equal(cacheFolders({ XDG_CACHE_HOME: '/x' })[1], '/x/containers-from-clone/vm')
})
