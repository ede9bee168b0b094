/**
 * Where sessions are recorded: a machine like a reader's, in namespaces of its own. It has the programs of this one and
 * its control groups, but a host name, a network, a home and a / of its own; what is written into the checkout there
 * never reaches the real one.
 */
import {
  chownSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '../../../lib/machine/root.ts'
import {
  MNT_DETACH,
  MS_BIND,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_REMOUNT,
  mount,
  pivotRoot,
  umount2,
} from '../../../lib/mount/mount.ts'
import { sethostname } from '../../../lib/namespaces.ts'
import { setip } from '../../../lib/net/interfaces.ts'
import { CHECKOUT, OWN_NODE, shortenNpm, USER } from './stage-programs.ts'

const HOST = 'laptop'
/** Where the stage is built, before it becomes a root directory. */
const STAGE = '/tmp'
/** Where tsx keeps what it has compiled for root: without it, every session would begin with that. */
const TSX = 'tmp/tsx-0'
const EMPTY = [
  'boot',
  'dev',
  'etc',
  'home',
  'media',
  'mnt',
  'opt',
  'proc',
  'root',
  'run',
  'srv',
  'sys',
  'tmp',
  'usr',
  'var',
]
/** On most machines these are links into /usr. */
const PROGRAMS = ['bin', 'lib', 'lib64', 'sbin']

const onStage = (path: string) => join(STAGE, path)

function makeFolder(path: string, mode = 0o755): string {
  mkdirSync(onStage(path), { recursive: true, mode })
  return onStage(path)
}

function bindReadOnly(source: string, target: string): void {
  mount(source, target, null, MS_BIND | MS_REC)
  mount('none', target, null, MS_REMOUNT | MS_BIND | MS_RDONLY)
}

function bindPrograms(): void {
  for (const name of PROGRAMS) {
    const stat = lstatSync(`/${name}`, { throwIfNoEntry: false })
    if (stat?.isSymbolicLink()) symlinkSync(readlinkSync(`/${name}`), onStage(name))
    else if (stat) bindReadOnly(`/${name}`, makeFolder(name))
  }
  for (const name of ['usr', 'etc']) bindReadOnly(`/${name}`, onStage(name))
}

/** Replaces files of /etc that would show which machine this really is. */
function renameMachine(): void {
  const others = (file: string) =>
    readFileSync(file, 'utf8').replace(new RegExp(`^[^:]*:[^:]*:${USER.id}:.*\n`, 'gm'), '')
  const own = `${USER.name}:x:${USER.id}:${USER.id}:Ada:${USER.home}:/bin/bash`
  const texts = {
    hostname: `${HOST}\n`,
    hosts: `127.0.0.1 localhost\n127.0.1.1 ${HOST}\n`,
    passwd: `${own}\n${others('/etc/passwd')}`,
    group: `${USER.name}:x:${USER.id}:\n${others('/etc/group')}`,
  }
  makeFolder('run/stage')
  for (const [name, text] of Object.entries(texts)) {
    if (!existsSync(`/etc/${name}`)) continue
    writeFileSync(onStage(`run/stage/${name}`), text)
    mount(onStage(`run/stage/${name}`), onStage(`etc/${name}`), null, MS_BIND)
  }
}

/** Mounts the checkout as the lower layer of an overlay, so that what is written stays in the upper layer. */
function layCheckout(checkout: string): void {
  const [upper, work, target] = [makeFolder('run/stage/upper'), makeFolder('run/stage/work'), makeFolder(CHECKOUT)]
  mount('overlay', target, 'overlay', 0, `lowerdir=${checkout},upperdir=${upper},workdir=${work}`)
  // As far as the labs and the reader write into it, it has to be the reader's own.
  const written = ['node_modules/.cache', 'node_modules/.cache/clone', 'mine'].map(path => join(CHECKOUT, path))
  for (const path of [USER.home, CHECKOUT, ...written].map(onStage)) {
    mkdirSync(path, { recursive: true })
    chownSync(path, USER.id, USER.id)
  }
}

/** Where a file of the checkout on the stage is, for the process that has built it. */
export const staged = (path: string): string => onStage(join(CHECKOUT, path))

/**
 * Builds the stage in the mount namespace of the calling process, which must share it with no other process.
 * @param bundles of {@link stageBundles}
 */
export function buildStage(bundles: ReadonlyMap<string, string>): void {
  // The stage hides what lies below /tmp, and that may be the checkout.
  const checkout = openSync(ROOT, constants.O_RDONLY | constants.O_DIRECTORY)
  const node = openSync(dirname(dirname(process.execPath)), constants.O_RDONLY | constants.O_DIRECTORY)
  const cache = existsSync(`/${TSX}`) ? openSync(`/${TSX}`, constants.O_RDONLY | constants.O_DIRECTORY) : undefined
  mount('none', '/', null, MS_REC | MS_PRIVATE)
  mount('tmpfs', STAGE, 'tmpfs', 0, 'mode=755')
  for (const name of EMPTY) makeFolder(name)
  makeFolder('var/tmp')
  bindPrograms()
  if (!process.execPath.startsWith('/usr/')) bindReadOnly(`/proc/self/fd/${node}`, makeFolder(OWN_NODE))
  renameMachine()
  layCheckout(`/proc/self/fd/${checkout}`)
  shortenNpm(makeFolder('run/stage/bin'))
  for (const [name, text] of bundles) writeFileSync(join(staged('node_modules/.cache/clone'), name), text)
  mount('tmpfs', onStage('tmp'), 'tmpfs', 0, 'mode=1777')
  if (cache !== undefined) mount(`/proc/self/fd/${cache}`, makeFolder(TSX), null, MS_BIND)
}

/** Makes the stage the root directory of the calling process: a child in new mount, network and UTS namespaces. */
export function enterStage(): void {
  mount('none', '/', null, MS_REC | MS_PRIVATE)
  mount('/dev', onStage('dev'), null, MS_BIND | MS_REC)
  mount('proc', onStage('proc'), 'proc')
  // Mounted anew for the new network namespace: the machine's sysfs would show the machine's interfaces.
  mount('sysfs', onStage('sys'), 'sysfs')
  if (existsSync('/sys/fs/cgroup')) mount('/sys/fs/cgroup', onStage('sys/fs/cgroup'), null, MS_BIND | MS_REC)
  // pivot_root(2) needs a mount whose parent is another mount.
  mount(STAGE, STAGE, null, MS_BIND | MS_REC)
  process.chdir(STAGE)
  pivotRoot('.', '.')
  umount2('.', MNT_DETACH)
  process.chdir(CHECKOUT)
  sethostname(HOST)
  setip('lo', '127.0.0.1', '255.0.0.0')
}
