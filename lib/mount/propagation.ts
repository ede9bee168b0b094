/**
 * Mount propagation: whether what is mounted below a mount appears below others, too.
 */
import { argumentError } from '../errors.ts'
import { type Mount, MS_PRIVATE, MS_REC, MS_SHARED, MS_SLAVE, MS_UNBINDABLE, mount } from './mount.ts'

const FLAGS = { shared: MS_SHARED, private: MS_PRIVATE, slave: MS_SLAVE, unbindable: MS_UNBINDABLE }

/**
 * What a mount passes on: `shared` both ways between it and its peers, `slave` only from its master to it, `private`
 * nothing, `unbindable` nothing, and it cannot be bound elsewhere.
 */
export type Propagation = keyof typeof FLAGS

/**
 * Changes the propagation of a mount in the calling process's mount namespace.
 * @param target `const char *target`, a mount point
 * @param kind a slave keeps the peer group that it had as its master; one that had none becomes private
 * @param options `recursive`: also of all mounts below it
 * @throws SyscallError EINVAL (no mount point), EPERM; TypeError for another word
 * @see mount(2), mount_namespaces(7)
 */
export function setPropagation(
  target: string,
  kind: Propagation,
  options: { readonly recursive?: boolean } = {},
): void {
  if (!Object.hasOwn(FLAGS, kind)) throw argumentError('setPropagation', 'kind', Object.keys(FLAGS).join(', '), kind)
  mount('none', target, null, FLAGS[kind] | (options.recursive ? MS_REC : 0))
}

/** What a mount passes on. One that is shared may be a slave of another peer group at the same time. */
export function propagationOf({ peers, master }: Pick<Mount, 'peers' | 'master'>): Propagation {
  if (peers !== undefined) return 'shared'
  return master !== undefined ? 'slave' : 'private'
}
