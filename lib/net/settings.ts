/**
 * Settings of the calling thread's network, as sysctl(8) reads and writes them: below /proc/sys/net, where every network
 * namespace finds its own.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { CannotRun } from '../errors.ts'
import { containerCommand } from '../machine/container.ts'

const fileOf = (name: string) => `/proc/sys/${name.includes('/') ? name : name.replaceAll('.', '/')}`

/** The value of a setting; `undefined` where the kernel has none of that name. @param name `net.ipv4.ip_forward` */
export function setting(name: string): string | undefined {
  return existsSync(fileOf(name)) ? readFileSync(fileOf(name), 'utf8').trim() : undefined
}

/**
 * Writes a setting.
 * @param name `net.ipv4.ip_forward`; with slashes where an interface has a dot in its name, as sysctl(8) takes it
 * @returns what it was before; `undefined`, and nothing is written, where the kernel has none of that name
 * @throws CannotRun where it cannot be written, as in most containers
 * @see sysctl(8)
 */
export function changeSetting(name: string, value: string): string | undefined {
  const before = setting(name)
  if (before === undefined || before === value) return before
  try {
    writeFileSync(fileOf(name), value)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CannotRun(
      `${name} is ${before} here and has to be ${value}, and ${fileOf(name)} cannot be written (${code})\n` +
        `hint: run it as root of the machine, or start the container so: ${containerCommand()}`,
    )
  }
  return before
}
