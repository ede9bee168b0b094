/**
 * Settings of the calling thread's network, as sysctl(8) reads and writes them: below /proc/sys/net, where every network
 * namespace finds its own.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const fileOf = (name: string) => `/proc/sys/${name.replaceAll('.', '/')}`

/** The value of a setting; `undefined` where the kernel has none of that name. @param name `net.ipv4.ip_forward` */
export function setting(name: string): string | undefined {
  return existsSync(fileOf(name)) ? readFileSync(fileOf(name), 'utf8').trim() : undefined
}

/**
 * Writes a setting.
 * @param name `net.ipv4.ip_forward`
 * @returns what it was before; `undefined`, and nothing is written, where the kernel has none of that name
 * @throws Error of node:fs: EACCES, EROFS (as in most containers)
 * @see sysctl(8)
 */
export function changeSetting(name: string, value: string): string | undefined {
  const before = setting(name)
  if (before !== undefined && before !== value) writeFileSync(fileOf(name), value)
  return before
}
