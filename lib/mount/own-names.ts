/**
 * Files of a container's own by which it knows names: what a runtime mounts over those of the image.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { CannotRun } from '../errors.ts'
import { MS_BIND, mount } from './mount.ts'
import { setPropagation } from './propagation.ts'

/** Directories that are there on any machine and that no container misses. */
const PLACES = ['/mnt', '/media', '/tmp']

/**
 * Gives the calling process files of its own over `/etc/hosts` and `/etc/resolv.conf`: bind mounts, as a container
 * runtime makes them. Nobody else sees them, and they end with the process.
 * @param hosts lines of hosts(5)
 * @param nameserver the address of a resolver
 * @throws CannotRun where one of them is not there, because something is mounted only over something; SyscallError EPERM;
 *   Error of node:fs
 */
export function useOwnNames(hosts: string, nameserver: string): void {
  const files = { '/etc/hosts': hosts, '/etc/resolv.conf': `nameserver ${nameserver}\n` }
  const missing = Object.keys(files).find(path => !existsSync(path))
  if (missing !== undefined) throw new CannotRun(`there is no ${missing} to mount over\nhint: sudo touch ${missing}`)
  const place = PLACES.find(path => existsSync(path)) ?? '/tmp'
  setPropagation('/', 'private', { recursive: true })
  mount('names', place, 'tmpfs')
  for (const [path, text] of Object.entries(files)) {
    const own = `${place}/${path.split('/').at(-1)}`
    writeFileSync(own, text)
    mount(own, path, null, MS_BIND)
  }
}
