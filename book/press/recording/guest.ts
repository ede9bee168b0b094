/**
 * Recording in the virtual machine: what a machine with other control groups shows. The guest forgets what is written
 * in there, so it prints what it has recorded, and it is written down out here.
 */
import { spawnSync } from 'node:child_process'
import { Unexpected } from '../../../lib/errors.ts'
import type { Reel } from './record.ts'

/** How the line begins in which the guest hands its sessions over. */
const REEL = '{"where":'

/** What the guest prints. */
export const printReel = (reel: Reel): void => console.log(JSON.stringify(reel))

/**
 * Records the sessions of chapters that are of a machine with these control groups.
 * @param groups `v1`, `v2` or `hybrid`
 * @param names of the chapters; none means all
 * @throws Unexpected if the guest hands nothing over
 */
export function recordInGuest(root: string, groups: string, names: readonly string[]): Reel {
  const inside = ['npm', 'run', '-s', 'book', '--', 'record', '--print', groups, ...names]
  const { stdout } = spawnSync('npm', ['run', '-s', 'vm', '--', '--cgroup', groups, ...inside], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  })
  const line = stdout.split(/\r?\n/).find(each => each.startsWith(REEL))
  if (!line) throw new Unexpected(`the guest has recorded nothing:\n${stdout.slice(-2000)}`)
  return JSON.parse(line)
}
