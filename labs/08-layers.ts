/**
 * Lab 8: layers. Where do the writes go?
 *
 * You will see two read-only layers and an upper one that look like one root file system; a container that changes, adds
 * and removes files in it, and where all that lies; and a second container on the same layers, which sees none of it.
 *
 * Man pages: mount(2), mount_namespaces(7), pivot_root(2), umount2(2), mknod(2), xattr(7), chroot(2). Needs root or a user namespace.
 * Run it: sudo npx tsx labs/08-layers.ts
 */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { clone, fork } from '../lib/clone.ts'
import { refusalOf } from '../lib/errors.ts'
import { CLONE_NEWNS, CLONE_NEWPID, SIGCHLD } from '../lib/flags.ts'
import { makeGate } from '../lib/gate.ts'
import { path, seconds } from '../lib/lab/knobs.ts'
import { startLab } from '../lib/lab/lab.ts'
import { inside, note, outside } from '../lib/lab/say.ts'
import { closeDirectories } from '../lib/machine/descriptors.ts'
import * as M from '../lib/mount/mount.ts'
import { mountOverlay } from '../lib/mount/overlay.ts'
import { packLayer, writeLayer } from '../lib/mount/pack-layer.ts'
import { setPropagation } from '../lib/mount/propagation.ts'
import { usableRootfs } from '../lib/mount/rootfs.ts'
import { ensureRootIs, makeStage } from '../lib/mount/stage.ts'
import { treeDigest } from '../lib/mount/tree-digest.ts'
import { unpackLayer } from '../lib/mount/unpack-layer.ts'
import { keepsNotes, layerEntries } from '../lib/mount/whiteouts.ts'
import { waitpid } from '../lib/process.ts'
import { shellCode } from '../lib/status.ts'

const knobs = await startLab('08-layers', {
  root: path('DIRECTORY', "root file system (./fs if there is one, else this project's)"),
  layer: path('FILE', 'one more layer, a tar archive, to lie on the other two'),
  commit: path('FILE', 'where to pack what the first container has written, as a layer'),
  pace: seconds(0, 'pause after each line, to read along'),
})
const root = resolve(usableRootfs(knobs.root))
const [more, commit] = [knobs.layer, knobs.commit].map(file => file && resolve(file))
// A mount namespace of our own, and a file system in memory: both end with this process.
const stage = makeStage('512m', commit ? [commit] : [])
process.chdir(stage)

// #region layers
// #region small-layer
const small = {
  'etc/hosts': '127.0.0.1 localhost\n10.0.0.2 cache\n',
  'etc/.wh.profile': '',
  'srv/index.html': 'hello\n',
}
// #endregion small-layer
const mountPoints = { 'data/': '', 'config/': '', 'shared/': '', 'slave/': '', 'private/': '' }
for (const name of ['base', 'small', 'more', 'data', 'config', 'media']) mkdirSync(name)
packLayer(root, 'base.tar')
writeLayer('small.tar', { ...small, ...mountPoints })
unpackLayer('base.tar', 'base')
unpackLayer('small.tar', 'small')
if (more) unpackLayer(more, 'more')
const lower = more ? ['more', 'small', 'base'] : ['small', 'base']
// #endregion layers
const digests = () => lower.map(name => `${name} ${treeDigest(name)}`).join(', ')
const [before, hasNotes] = [digests(), keepsNotes('.')]

function lay(name: string): string {
  for (const part of ['upper', 'work', 'root']) mkdirSync(`${name}/${part}`, { recursive: true })
  // #region overlay
  mountOverlay({ lower, upper: `${name}/upper`, work: `${name}/work` }, `${name}/root`)
  // #endregion overlay
  return `${name}/root`
}

function bindVolumes(newRoot: string): void {
  // #region volumes
  for (const name of ['data', 'config']) M.mount(name, `${newRoot}/${name}`, null, M.MS_BIND)
  M.mount('none', `${newRoot}/config`, null, M.MS_REMOUNT | M.MS_BIND | M.MS_RDONLY)
  // #endregion volumes
  // #region propagation
  for (const kind of ['shared', 'slave', 'private'] as const) {
    M.mount('media', `${newRoot}/${kind}`, null, M.MS_BIND)
    setPropagation(`${newRoot}/${kind}`, kind)
  }
  // #endregion propagation
}

function enter(newRoot: string): void {
  const { dev } = statSync(newRoot)
  // #region pivot
  process.chdir(newRoot)
  // This lays the old root on the new one, and umount2 takes it off: after /proc, for which another has to be seen still.
  M.pivotRoot('.', '.')
  M.mount('proc', '/proc', 'proc')
  M.umount2('.', M.MNT_DETACH)
  process.chdir('/')
  // An open directory of the old root would be a way back.
  closeDirectories()
  // #endregion pivot
  // What comes now removes files: not before it is certain whose they are.
  ensureRootIs(dev)
}

function walkOut(): void {
  // #region escape
  // The working directory stays where it is, outside of the new root: going up does not stop there.
  M.chroot('/srv')
  for (let i = 0; i < 100; i++) process.chdir('..')
  M.chroot('.')
  // #endregion escape
  inside(`I have walked up a hundred times, and / is: ${list(readdirSync('/'))}`)
}

const list = (names: readonly string[]) => names.join(' ') || 'nothing'
const hostsOf = (file: string) => readFileSync(file, 'utf8').trim().split('\n').length
const look = () =>
  `${hostsOf('/etc/hosts')} hosts; in /root: ${list(readdirSync('/root'))}; in /srv: ${list(readdirSync('/srv'))}`
const [hasChanged, hasMounted, hasAnswered, mayEnd] = [makeGate(), makeGate(), makeGate(), makeGate()]

function first(newRoot: string): void {
  bindVolumes(newRoot)
  enter(newRoot)
  inside(`My root has ${lower.length + 1} layers. ${look()}`)
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
  // In a child, which may lose its way: its root is its own.
  waitpid(fork(walkOut))
  // #region use-volumes
  writeFileSync('/data/result', 'for outside\n')
  const refusal = refusalOf(() => writeFileSync('/config/new', ''))
  // #endregion use-volumes
  inside(`I have written to /data; to /config: ${refusal}.`)
  hasChanged.open()
  hasMounted.wait()
  inside(`The stick is at: ${list(M.mountPointsAmong(['/shared/stick', '/slave/stick', '/private/stick']))}`)
  // #region mounts-inside
  for (const kind of ['shared', 'slave', 'private']) M.mount('mine', `/${kind}/of-${kind}`, 'tmpfs')
  // #endregion mounts-inside
  hasAnswered.open()
  mayEnd.wait()
}

function second(newRoot: string): void {
  enter(newRoot)
  inside(`I am a second container on these layers. ${look()}`)
}

outside(`The layers are ${before}.`)
if (!hasNotes) note('No directory becomes opaque: in memory and without root that takes Linux 6.6.')
// #region media
M.mount('media', 'media', 'tmpfs')
setPropagation('media', 'shared')
for (const name of ['stick', 'of-shared', 'of-slave', 'of-private']) mkdirSync(`media/${name}`)
// #endregion media
const pid = clone(first, CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, lay('first'))
hasChanged.wait()
for (const { path, kind } of layerEntries('first/upper')) if (kind !== 'directory') outside(`upper: ${path} (${kind})`)
outside(`The layers are ${digests()}${digests() === before ? ', byte for byte as before' : ''}.`)
const status = waitpid(clone(second, CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, lay('second')))
M.mount('stick', 'media/stick', 'tmpfs')
hasMounted.open()
hasAnswered.wait()
const places = ['of-shared', 'of-slave', 'of-private'].map(name => `${stage}/media/${name}`)
const seen = M.mountPointsAmong(places).map(place => place.slice(stage.length + 1))
outside(`Of what was mounted inside I see: ${list(seen)}; in data: ${list(readdirSync('data'))}`)
if (commit) packLayer('first/upper', commit)
mayEnd.open()
process.exitCode = shellCode(status) || shellCode(waitpid(pid))
