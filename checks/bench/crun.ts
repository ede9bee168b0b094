/**
 * A container for crun that does what the others do: five new namespaces, a fresh /proc, the machine's own programs.
 */
import { spawnSync } from 'node:child_process'
import { lstatSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MS_PRIVATE, MS_REC, mount } from '../../lib/mount/mount.ts'

/** What /bin/true is made of, on every distribution: folders of the machine, or links to them. */
const SYSTEM = ['bin', 'lib', 'lib64', 'usr'] as const

/** Shows the folders of the machine in `rootfs`; returns those that have to be mounted. */
function addSystemFolders(rootfs: string): string[] {
  for (const name of ['proc', 'dev']) mkdirSync(join(rootfs, name), { recursive: true })
  return SYSTEM.filter(name => {
    const stat = lstatSync(`/${name}`, { throwIfNoEntry: false })
    if (stat?.isSymbolicLink()) symlinkSync(readlinkSync(`/${name}`), join(rootfs, name))
    if (stat?.isDirectory()) mkdirSync(join(rootfs, name))
    return stat?.isDirectory()
  })
}

/**
 * Makes an OCI bundle in `folder`.
 * @returns the command that runs it
 */
export function makeContainer(crun: string, folder: string): string[] {
  const bundle = join(folder, 'container')
  const bind = (name: string) => ({
    destination: `/${name}`,
    type: 'bind',
    source: `/${name}`,
    options: ['bind', 'ro'],
  })
  const folders = addSystemFolders(join(bundle, 'rootfs'))
  const config = {
    ociVersion: '1.0.2',
    process: { user: { uid: 0, gid: 0 }, args: ['/bin/true'], env: ['PATH=/usr/bin:/bin'], cwd: '/' },
    root: { path: 'rootfs', readonly: true },
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }, ...folders.map(bind)],
    linux: { namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map(type => ({ type })) },
  }
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config))
  const state = join(folder, 'crun')
  return [crun, '--root', state, '--cgroup-manager=disabled', 'run', '--bundle', bundle, 'bench']
}

/** The last line that a program printed before it failed; `undefined` if it did not fail. */
export function errorOf([file, ...args]: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(file as string, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (status === 0) return undefined
  return error?.message ?? (stderr.trimEnd().split('\n').at(-1) || `exit code ${status}`)
}

/**
 * crun refuses a machine that has cgroups of both dialects, even when told to leave them alone. Shows the calling
 * process, which must have a mount namespace of its own, version 2 alone.
 */
export function hideOldCgroups(): void {
  mount('none', '/', null, MS_REC | MS_PRIVATE)
  mount('none', '/sys/fs/cgroup', 'cgroup2')
}
