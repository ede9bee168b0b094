/**
 * The moments of which the claims of lab 4 speak.
 */
import type { NamespaceKind } from '../../../lib/namespaces.ts'
import type { Observation } from '../../observer/record.ts'
import type { ContainerMoment, ContainerRecord } from '../../witnesses/container.ts'
import type { Reader } from '../../witnesses/conversation.ts'
import type { TerminalRecord } from '../../witnesses/terminal.ts'

/** What the claims of this lab see. */
export type Seen = Observation & ContainerRecord & TerminalRecord

export const FIVE: readonly NamespaceKind[] = ['pid', 'net', 'mnt', 'uts', 'ipc']

export const newOnes = ({ sandbox }: Seen, { namespaces }: ContainerMoment) =>
  FIVE.filter(kind => namespaces[kind] !== sandbox[kind])

/** Readers inside: those that have answered, else those that have read. How they lived just then is what is judged. */
export function shellMoments({ typed: { asked } }: Seen): ContainerMoment[] {
  const inside = (readers: readonly (Reader | undefined)[]) =>
    readers.map(reader => reader?.where).filter(where => typeof where === 'object')
  const answered = inside(asked.map(({ answeredBy }) => answeredBy))
  return answered.length > 0 ? answered : inside(asked.map(({ readers }) => readers.at(-1)))
}

/** The moments at which the shell read a line; without any, the one that tells most of the container. */
export function moments(seen: Seen): ContainerMoment[] {
  const read = shellMoments(seen)
  const weight = (moment: ContainerMoment) => newOnes(seen, moment).length * 2 + (moment.proc === 'own' ? 1 : 0)
  return read.length > 0 ? read : [...seen.containers].sort((one, other) => weight(other) - weight(one)).slice(0, 1)
}

/** The first of those moments. */
export const container = (seen: Seen): ContainerMoment | undefined => moments(seen)[0]

/**
 * Whether a mount outside was there at more than one of the moments, or at one and still when the shell had done its last
 * line. Tools such as crun(1) mount something for three calls whenever they are started, and take it off again.
 */
export function lasts(seen: Seen, mount: string): boolean {
  const all = moments(seen)
  const times = [...all.map(({ outside }) => outside.mounts), seen.mountsAtEnd]
  return times.filter(mounts => mounts.includes(mount)).length >= Math.min(2, all.length)
}
