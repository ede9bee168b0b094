/**
 * Recording in the virtual machine: what a machine with other control groups, or another kernel, shows. The guest
 * forgets what is written in there, so it prints what it has recorded, and it is written down out here.
 */
import { spawnSync } from 'node:child_process'
import { EXIT, Unexpected } from '../../../lib/errors.ts'
import type { Reel } from './record.ts'

/** How the line begins in which the guest hands its sessions over. */
const REEL = '{"where":'

/** A guest. */
export interface Guest {
  /** Its control groups: `v1`, `v2` or `hybrid`. */
  readonly groups: string
  /** Its kernel, as `npm run vm -- --kernel` takes it; without it, the one that the guest has by itself. */
  readonly kernel?: string | undefined
}

/** The words of a command that runs `record` in a guest. */
function inGuest({ groups, kernel }: Guest, words: readonly string[]): string[] {
  const machine = ['--cgroup', groups, ...(kernel === undefined ? [] : ['--kernel', kernel])]
  return ['run', '-s', 'vm', '--', ...machine, 'npm', 'run', '-s', 'book', '--', 'record', ...words]
}

/**
 * Compares the sessions of chapters with what happens in a guest, which says itself what differs.
 * @param names of the chapters; none means all
 * @returns its exit code: 0 if nothing differs
 */
export function checkInGuest(root: string, guest: Guest, names: readonly string[]): number {
  const { status } = spawnSync('npm', inGuest(guest, ['--check', '--alone', ...names]), { cwd: root, stdio: 'inherit' })
  return status ?? EXIT.FAULT
}

/** What the guest prints. */
export const printReel = (reel: Reel): void => console.log(JSON.stringify(reel))

/**
 * Records the sessions of chapters that are of a machine with such control groups.
 * @param names of the chapters; none means all
 * @throws Unexpected if the guest hands nothing over
 */
export function recordInGuest(root: string, guest: Guest, names: readonly string[]): Reel {
  const { stdout } = spawnSync('npm', inGuest(guest, ['--print', guest.groups, ...names]), {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  })
  const line = stdout.split(/\r?\n/).find(each => each.startsWith(REEL))
  if (!line) throw new Unexpected(`the guest has recorded nothing:\n${stdout.slice(-2000)}`)
  return JSON.parse(line)
}
