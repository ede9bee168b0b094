/**
 * Lab 8: layers. Where do the writes go?
 *
 * You will see what a container changes, adds and removes, where all that lies, and a second one that sees none of it.
 *
 * Man pages: mount(2), mount_namespaces(7), pivot_root(2), umount2(2), mknod(2), xattr(7), chroot(2). Needs root or a user namespace.
 * Run it: sudo npx tsx labs/08-layers.ts
 */
import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { clone, fork } from '../lib/clone.ts'
import { CLONE_NEWNS, CLONE_NEWPID, SIGCHLD } from '../lib/flags.ts'
import { makeGate } from '../lib/gate.ts'
import { absolutePath, seconds } from '../lib/lab/knobs.ts'
import { startLab } from '../lib/lab/lab.ts'
import { inside, list, look, note, outside, refusal } from '../lib/lab/say.ts'
import { closeDirectories } from '../lib/machine/descriptors.ts'
import * as M from '../lib/mount/mount.ts'
import { mountOverlay } from '../lib/mount/overlay.ts'
import { packLayer, writeLayer } from '../lib/mount/pack-layer.ts'
import { setPropagation } from '../lib/mount/propagation.ts'
import { usableRootfs } from '../lib/mount/rootfs.ts'
import { ensureRootIs, makeStage } from '../lib/mount/stage.ts'
import { treeDigest } from '../lib/mount/tree-digest.ts'
import { unpackLayers } from '../lib/mount/unpack-layer.ts'
import { keepsNotes, layerEntries } from '../lib/mount/whiteouts.ts'
import { waitpid } from '../lib/process.ts'
import { shellCode } from '../lib/status.ts'

const knobs = await startLab('08-layers', {
  root: absolutePath('DIRECTORY', "root file system (./fs if there is one, else this project's)"),
  layer: absolutePath('FILE', 'one more layer, a tar archive, to lie on the other two'),
  commit: absolutePath('FILE', 'where to pack what the first container has written, as a layer'),
  pace: seconds(0, 'pause after each line, to read along'),
})
const root = usableRootfs(knobs.root)
// A mount namespace of our own, and a file system in memory: both end with this process.
process.chdir(makeStage('512m', [knobs.commit]))

// #region layers
// #region small-layer
const small = {
  'etc/hosts': '127.0.0.1 localhost\n10.0.0.2 cache\n',
  'etc/.wh.profile': '',
  'srv/index.html': 'hello\n',
}
// #endregion small-layer
const KINDS = ['shared', 'slave', 'private'] as const
packLayer(root, 'base.tar')
writeLayer('small.tar', small, ['data', 'config', ...KINDS])
const lower = unpackLayers({ more: knobs.layer, small: 'small.tar', base: 'base.tar' })
// #endregion layers
const digests = () => lower.map(name => `${name} ${treeDigest(name)}`).join(', ')
const [before, hasNotes] = [digests(), keepsNotes('.')]
const [hasChanged, hasMounted] = [makeGate(), makeGate()]

const lay = (name: string): string =>
  // #region overlay
  mountOverlay({ lower, upper: `${name}/upper`, work: `${name}/work` }, `${name}/root`)
// #endregion overlay

function bindVolumes(newRoot: string): void {
  // #region volumes
  for (const name of ['data', 'config']) M.mount(name, `${newRoot}/${name}`, null, M.MS_BIND)
  M.mount('none', `${newRoot}/config`, null, M.MS_REMOUNT | M.MS_BIND | M.MS_RDONLY)
  // #endregion volumes
  // #region propagation
  for (const kind of KINDS) {
    M.mount('media', `${newRoot}/${kind}`, null, M.MS_BIND)
    setPropagation(`${newRoot}/${kind}`, kind)
  }
  // #endregion propagation
}

function enter(newRoot: string, greeting = 'I am a second container on these layers.'): void {
  const { dev } = statSync(newRoot)
  // #region pivot
  process.chdir(newRoot)
  // Now the old root lies on the new one, until umount2 takes it off: with no /proc in sight a user could mount none.
  M.pivotRoot('.', '.')
  M.mount('proc', '/proc', 'proc')
  M.umount2('.', M.MNT_DETACH)
  process.chdir('/')
  // An open directory of the old root would be a way back.
  closeDirectories()
  // #endregion pivot
  ensureRootIs(dev) // What comes now removes files, and it has to be certain whose.
  inside(`${greeting} ${look('/etc/hosts', '/root', '/srv')}`)
}

function first(newRoot: string): void {
  bindVolumes(newRoot)
  enter(newRoot, `My root has ${lower.length + 1} layers.`)
  // #region changes
  appendFileSync('/etc/hosts', '10.0.0.3 database\n')
  writeFileSync('/root/notes', 'written inside\n')
  rmSync('/bin/vi', { force: true })
  // #endregion changes
  // #region opaque
  if (hasNotes) rmSync('/srv', { recursive: true })
  mkdirSync('/srv', { recursive: true })
  // #endregion opaque
  inside(`I have changed, added and removed. ${look('/etc/hosts', '/root', '/srv')}`)
  // In a child, because the root that it changes is only its own.
  const stray = fork(() => {
    // #region escape
    // The working directory stays where it is, outside of the new root: going up does not stop there.
    M.chroot('/srv')
    for (let i = 0; i < 100; i++) process.chdir('..')
    M.chroot('.')
    // #endregion escape
    inside(`I have walked up a hundred times, and / is: ${list(readdirSync('/'))}`)
  })
  waitpid(stray)
  // #region use-volumes
  writeFileSync('/data/result', 'for outside\n')
  inside(`I have written to /data; to /config: ${refusal(() => writeFileSync('/config/new', ''))}.`)
  // #endregion use-volumes
  hasChanged.open()
  hasMounted.wait()
  inside(`I see the stick in: ${list(KINDS.filter(kind => M.isMountPoint(`/${kind}/stick`)))}`)
  // #region mounts-inside
  for (const kind of KINDS) M.mount('mine', `/${kind}/of-${kind}`, 'tmpfs')
  // #endregion mounts-inside
}

outside(`The layers are ${before}.`)
if (!hasNotes) note('No directory becomes opaque: in memory and without root that takes Linux 6.6.')
// #region media
for (const name of ['data', 'config', 'media']) mkdirSync(name)
M.mount('media', 'media', 'tmpfs')
setPropagation('media', 'shared')
for (const name of ['stick', ...KINDS.map(kind => `of-${kind}`)]) mkdirSync(`media/${name}`)
// #endregion media
const pid = clone(first, CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, lay('first'))
hasChanged.wait()
for (const { path, kind } of layerEntries('first/upper')) if (kind !== 'directory') outside(`upper: ${path} (${kind})`)
outside(`The layers are ${digests()}${digests() === before ? ', byte for byte as before' : ''}.`)
const status = waitpid(clone(enter, CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, lay('second')))
M.mount('stick', 'media/stick', 'tmpfs')
hasMounted.open()
process.exitCode = shellCode(waitpid(pid)) || shellCode(status)
const arrived = KINDS.filter(kind => M.isMountPoint(`media/of-${kind}`))
outside(`Of what was mounted inside I see that in: ${list(arrived)}; in data there is: ${list(readdirSync('data'))}`)
if (knobs.commit) packLayer('first/upper', knobs.commit)
