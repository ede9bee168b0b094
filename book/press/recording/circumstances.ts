/**
 * On what machine sessions were recorded: each chapter says so at its end, in a line that `record` keeps.
 */
import { release } from 'node:os'
import { layout } from '../../../lib/group/hierarchies.ts'

/** A machine, as far as sessions depend on it. */
export interface Circumstances {
  /** The kernel's version, `6.18`. */
  readonly kernel: string
  /** Its control groups: `v1`, `v2`, `hybrid` or `none`. */
  readonly groups: string
  /** The version of Node, `20.20.2`. */
  readonly node: string
}

/** This machine. */
export const circumstances = (): Circumstances => ({
  kernel: /^\d+\.\d+/.exec(release())?.[0] ?? release(),
  groups: layout(),
  node: process.versions.node,
})

/** One machine in the line. */
const MACHINE = /Linux (\S+) with control groups (\w+) and Node ([\d.]+\d)/g
const LINE = /^\*Recorded on .*\*$/m

const describe = ({ kernel, groups, node }: Circumstances) =>
  `Linux ${kernel} with control groups ${groups} and Node ${node}`

/** The machines that a chapter names. */
export function machinesOf(text: string): Circumstances[] {
  const [line = ''] = LINE.exec(text) ?? []
  return [...line.matchAll(MACHINE)].map(([, kernel = '', groups = '', node = '']) => ({ kernel, groups, node }))
}

/** The text of a chapter, which says at its end that sessions of it were recorded on this machine, too. */
export function stamped(text: string, where: Circumstances): string {
  const others = machinesOf(text).filter(({ groups }) => groups !== where.groups)
  const machines = [...others, where].sort((one, other) => one.groups.localeCompare(other.groups))
  const line = `*Recorded on ${machines.map(describe).join(', and on ')}.*`
  return LINE.test(text) ? text.replace(LINE, line) : `${text.trimEnd()}\n\n${line}\n`
}
