/**
 * Lab 8: layers. Where do the writes go?
 *
 * You will see two read-only layers and an upper one that look like one root file system, a container that changes, adds
 * and removes files in it, and what of that lies where. A second container on the same layers sees none of it.
 *
 * Man pages: mount(2), mount_namespaces(7), pivot_root(2), umount2(2), mknod(2), xattr(7), chroot(2). Needs root or a user namespace.
 * Run it: sudo npx tsx labs/08-layers.ts
 */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { clone } from '../lib/clone.ts'
import { CLONE_NEWNS, CLONE_NEWPID, SIGCHLD } from '../lib/flags.ts'
import { makeGate } from '../lib/gate.ts'
import { path, seconds } from '../lib/lab/knobs.ts'
import { startLab } from '../lib/lab/lab.ts'
import { inside, note, outside } from '../lib/lab/say.ts'
import * as M from '../lib/mount/mount.ts'
import { mountOverlay } from '../lib/mount/overlay.ts'
import { packLayer, writeLayer } from '../lib/mount/pack-layer.ts'
import { setPropagation } from '../lib/mount/propagation.ts'
import { usableRootfs } from '../lib/mount/rootfs.ts'
import { makeStage } from '../lib/mount/stage.ts'
import { treeDigest } from '../lib/mount/tree-digest.ts'
import { unpackLayer } from '../lib/mount/unpack-layer.ts'
import { keepsNotes, layerEntries } from '../lib/mount/whiteouts.ts'
import { waitpid } from '../lib/process.ts'

const knobs = await startLab('08-layers', {
  root: path('DIRECTORY', "root file system (./fs if there is one, else this project's)"),
  layer: path('FILE', 'one more layer, a tar archive, that is laid on top'),
  commit: path('FILE', 'packs what the container has written as a layer'),
  pace: seconds(0, 'pause after each line, to read along'),
})
const root = resolve(usableRootfs(knobs.root))
const [more, commit] = [knobs.layer, knobs.commit].map(file => file && resolve(file))

// #region stage
// A mount namespace of our own, and a file system in memory: both end with this process.
const stage = makeStage('512m')
process.chdir(stage)
// #endregion stage

// #region layers
for (const name of ['base', 'small', 'more', 'data', 'config', 'media']) mkdirSync(name)
packLayer(root, 'base.tar')
writeLayer('small.tar', {
  'etc/hosts': '127.0.0.1 localhost\n10.0.0.2 cache\n',
  'etc/.wh.profile': '',
  'srv/index.html': 'hello\n',
  ...Object.fromEntries(['data/', 'config/', 'shared/', 'slave/', 'private/'].map(name => [name, ''])),
})
unpackLayer('base.tar', 'base')
unpackLayer('small.tar', 'small')
if (more) unpackLayer(more, 'more')
const lower = more ? ['more', 'small', 'base'] : ['small', 'base']
// #endregion layers
const digests = () => lower.map(name => `${name} ${treeDigest(name)}`).join(', ')
const [digestsBefore, hasNotes] = [digests(), keepsNotes('.')]

// #region overlay
function lay(name: string): string {
  for (const part of ['upper', 'work', 'root']) mkdirSync(`${name}/${part}`, { recursive: true })
  mountOverlay({ lower, upper: `${name}/upper`, work: `${name}/work` }, `${name}/root`)
  return `${name}/root`
}
// #endregion overlay

function bindVolumes(newRoot: string): void {
  // #region volumes
  M.mount('data', `${newRoot}/data`, null, M.MS_BIND)
  M.mount('config', `${newRoot}/config`, null, M.MS_BIND)
  M.mount('none', `${newRoot}/config`, null, M.MS_REMOUNT | M.MS_BIND | M.MS_RDONLY)
  // #endregion volumes
  // #region propagation
  for (const kind of ['shared', 'slave', 'private'] as const) {
    M.mount('media', `${newRoot}/${kind}`, null, M.MS_BIND)
    setPropagation(`${newRoot}/${kind}`, kind)
  }
  // #endregion propagation
}

// #region pivot
function enter(newRoot: string): void {
  process.chdir(newRoot)
  // This stacks the old root on the new one, and umount2 takes it off: after /proc, for which one has to be there before.
  M.pivotRoot('.', '.')
  M.mount('proc', '/proc', 'proc')
  M.umount2('.', M.MNT_DETACH)
  process.chdir('/')
}
// #endregion pivot

// #region escape
function walkOut(): void {
  mkdirSync('/x')
  // The working directory stays where it is, outside of the new root, and going up does not stop there.
  M.chroot('/x')
  for (let i = 0; i < 100; i++) process.chdir('..')
  M.chroot('.')
  rmdirSync('/x')
}
// #endregion escape

const list = (names: readonly string[]) => names.join(' ') || 'nothing'
const look = () =>
  `/etc/hosts has ${readFileSync('/etc/hosts', 'utf8').trim().split('\n').length} lines, /root has ${list(readdirSync('/root'))}, /srv has ${list(readdirSync('/srv'))}.`
const [hasChanged, hasMounted, hasAnswered, mayEnd] = [makeGate(), makeGate(), makeGate(), makeGate()]

// #region first
function first(newRoot: string): void {
  bindVolumes(newRoot)
  enter(newRoot)
  inside(`My root is of ${lower.length + 1} layers. ${look()}`)
  // #region changes
  appendFileSync('/etc/hosts', '10.0.0.3 database\n')
  writeFileSync('/root/notes', 'written inside\n')
  rmSync('/bin/vi', { force: true })
  // #endregion changes
  // #region opaque
  if (hasNotes) {
    rmSync('/srv', { recursive: true })
    mkdirSync('/srv')
  }
  // #endregion opaque
  inside(`I have changed, added and removed. ${look()}`)
  walkOut()
  inside(`I have tried to walk out as one walks out of chroot(2), and my / is ${list(readdirSync('/'))}.`)
  writeFileSync('/data/result', 'for outside\n')
  inside(`/data can be written, /config cannot: ${refusal(() => writeFileSync('/config/new', ''))}.`)
  hasChanged.open()
  hasMounted.wait()
  inside(`The stick is mounted at ${list(M.mountPointsAmong(['/shared/stick', '/slave/stick', '/private/stick']))}.`)
  // #region mounts-inside
  for (const kind of ['shared', 'slave', 'private']) M.mount('mine', `/${kind}/from-${kind}`, 'tmpfs')
  // #endregion mounts-inside
  hasAnswered.open()
  mayEnd.wait()
}
// #endregion first

function refusal(action: () => void): string {
  try {
    action()
    return 'it was'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

// #region second
function second(newRoot: string): void {
  enter(newRoot)
  inside(`I am the second container on these layers. ${look()}`)
}
// #endregion second

// #region parent
outside(`The layers: ${digestsBefore}.`)
if (!hasNotes)
  note('No directory is made opaque: tmpfs has had the attributes for that, without root, since Linux 6.6.')
// #region shared-mount
M.mount('media', 'media', 'tmpfs')
setPropagation('media', 'shared')
// #endregion shared-mount
for (const name of ['stick', 'from-shared', 'from-slave', 'from-private']) mkdirSync(`media/${name}`)
const pid = clone(first, CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, lay('first'))
hasChanged.wait()
for (const { path: name, kind } of layerEntries('first/upper'))
  if (kind !== 'directory')
    outside(`In the upper layer: ${name}, ${kind === 'whiteout' ? 'a whiteout (0,0)' : `a ${kind}`}.`)
outside(`The layers: ${digests()}${digests() === digestsBefore ? ', byte for byte as before' : ''}.`)
process.exitCode = waitpid(clone(second, CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, lay('second'))).code ?? 1
M.mount('stick', 'media/stick', 'tmpfs')
hasMounted.open()
hasAnswered.wait()
const inner = ['from-shared', 'from-slave', 'from-private'].map(name => `${stage}/media/${name}`)
outside(`Of what is mounted inside I see ${list(M.mountPointsAmong(inner))}; in data is ${list(readdirSync('data'))}.`)
if (commit) packLayer('first/upper', commit)
mayEnd.open()
process.exitCode ||= waitpid(pid).code ?? 1
// #endregion parent
