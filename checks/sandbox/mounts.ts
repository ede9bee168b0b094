/**
 * The mounts of a sandbox, as a process in it sees them.
 */
import { mounts } from '../../lib/mount/mount.ts'

/** One line each; by number, because one may be covered by another of its kind. */
export const mountLines = (pid: number): string[] =>
  mounts(pid).map(({ id, target, type }) => `${target} (${type}, number ${id})`)
