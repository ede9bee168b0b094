/**
 * The names of drafts: they contain the boot, the PID namespace and the PID of the process that makes them, so that it
 * can be told of one that was left whether its owner has ended.
 */
import { readFileSync, readlinkSync } from 'node:fs'

/** `1f0c2a9b-4026531836-4711` */
export function ownTag(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
  const [namespace] = /\d+/.exec(readlinkSync('/proc/self/ns/pid')) ?? []
  return `${boot}-${namespace}-${process.pid}`
}
