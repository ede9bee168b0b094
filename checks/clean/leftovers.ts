/**
 * What a SIGKILL can leave, found by its name: control groups, bridges, and drafts of files and folders.
 */
import { accessSync, constants, lstatSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CannotRun } from '../../lib/errors.ts'
import { groupFate, groupOwner, groupsNamed, PREFIX } from '../../lib/group/cgroup.ts'
import { discardGroups, thawAll } from '../../lib/group/directory.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { mounts } from '../../lib/mount/mount.ts'
import { rootfsPath } from '../../lib/mount/rootfs.ts'
import { abandonedDrafts } from '../../lib/tidy/drafts.ts'
import { markedBridges, takeBack } from '../../lib/tidy/own-bridge.ts'
import { deskHomes, removeDesk } from '../ready/desk.ts'

/** One thing that was left and has to go. */
export interface Leftover {
  /** For the reader, `group /sys/fs/cgroup/memory/…`. */
  readonly what: string
  /** Does nothing where it has been removed meanwhile. @throws Error, with EACCES or EPERM where it takes root */
  remove(): void
}

/** Where drafts are made, and how their names begin. */
function draftPlaces(): [folder: string, start: RegExp][] {
  const besideRootfs = [...new Set([join(ROOT, 'buildroot'), dirname(rootfsPath())])]
  return [
    [join(ROOT, 'node_modules', '.cache', 'clone'), /^(.+\.mjs\.|first-|ready-)/],
    [join(ROOT, 'node_modules', '.cache', 'node-versions'), /^draft-/],
    [join(ROOT, 'node_modules', '.cache', 'vm'), /^draft-/],
    [join(ROOT, 'native', 'build'), /^shim-.+\.so\./],
    [ROOT, /^\.mine\./],
    [join(ROOT, 'mine'), /^.+\.(ts|json)\./],
    ...besideRootfs.map((folder): [string, RegExp] => [folder, /^\.fs\./]),
    ...besideRootfs.map((folder): [string, RegExp] => [join(folder, 'work'), /^(unpack-|buildroot-.+\.tar\.xz\.)/]),
    ...[...new Set([tmpdir(), '/tmp']), ...deskHomes()].map((folder): [string, RegExp] => [
      folder,
      new RegExp(`^${PREFIX}\\.(bench|cages|grade|lab|readable|ready|vm)-`),
    ]),
  ]
}

/** Removes a file or a folder, and never what is mounted in it. */
function removeDraft(path: string): void {
  const [mount] = mounts().filter(({ target }) => `${target}/`.startsWith(`${path}/`))
  if (mount) throw new CannotRun(`${mount.target} is a mount`)
  removeDesk(path)
}

function drafts(): Leftover[] {
  const paths = draftPlaces().flatMap(([folder, start]) => abandonedDrafts(folder, start))
  return paths.map(path => ({
    what: `${lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ? 'folder' : 'file'} ${path}`,
    remove: () => removeDraft(path),
  }))
}

/** Bridges of lab 9 in the network of the calling process, each with its rules and the settings that were changed for it. */
function ownBridges(): ReturnType<typeof leftovers> {
  const marked = markedBridges().map(one => ({ ...one, what: `bridge ${one.name} with its rules` }))
  const found = marked
    .filter(({ fate }) => fate === 'dead')
    .map(({ name, before, what }) => ({ what, remove: () => takeBack(name, before) }))
  return { found, unknown: marked.filter(({ fate }) => fate === 'unknown').map(({ what }) => what) }
}

/**
 * Everything that was left.
 * @returns also what is this project's but has an owner of which it cannot be known from here whether it has ended
 */
export function leftovers(): { readonly found: Leftover[]; readonly unknown: string[] } {
  const groups = groupsNamed(name => groupOwner(name) !== undefined).map(path => ({ path, fate: groupFate(path) }))
  const dead = groups.filter(({ fate }) => fate === 'dead').map(({ path }) => path)
  const found = dead.map(path => ({
    what: `group ${path}`,
    remove: () => {
      accessSync(dirname(path), constants.W_OK)
      // A process can be in several of these groups, and cannot die while one of them is frozen.
      for (const each of dead) thawAll(each)
      discardGroups([path])
    },
  }))
  const unknown = groups.filter(({ fate }) => fate === 'unknown').map(({ path }) => `group ${path}`)
  const bridges = ownBridges()
  return { found: [...found, ...bridges.found, ...drafts()], unknown: [...unknown, ...bridges.unknown] }
}
