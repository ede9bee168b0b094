/**
 * The checker of each lab, by its slug, and what the lab's program is given.
 */
import { ensureRootfs } from '../../lib/mount/rootfs.ts'
import type { Setting } from '../sandbox/sandbox.ts'
import { checker as lab1 } from './01-fork-vs-clone/claims.ts'
import { checker as lab2 } from './02-newpid/claims.ts'
import { checker as lab3 } from './03-newnet/claims.ts'
import { checker as lab4 } from './04-newns/claims.ts'
import { checker as lab5 } from './05-memory-oom/claims.ts'
import { checker as lab6 } from './06-freezer/claims.ts'
import type { Checker } from './claim.ts'

export const CHECKERS: Readonly<Record<string, Checker>> = {
  '01-fork-vs-clone': lab1,
  '02-newpid': lab2,
  '03-newnet': lab3,
  '04-newns': lab4,
  '05-memory-oom': lab5,
  '06-freezer': lab6,
}

/**
 * What a lab's program is given besides an empty directory.
 * @throws CannotRun where it cannot be had here
 */
export function settingOf(slug: string): Setting {
  if (slug === '03-newnet') return { pair: true }
  if (slug === '04-newns') return { pair: true, terminal: true, rootfs: ensureRootfs() }
  if (slug === '05-memory-oom') return { groups: 'memory' }
  return slug === '06-freezer' ? { groups: 'freezer' } : {}
}
