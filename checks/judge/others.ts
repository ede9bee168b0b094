/**
 * What has changed on the machine while a program was judged, and whose doing it was. A sandbox has networks and mounts of
 * its own, so that an interface or a mount that came or went outside is somebody else's, unless it carries a mark of the
 * sandbox.
 */
import { STAGE } from '../sandbox/layers.ts'

/** Sources of the mounts of which sandboxes are made: no other program names a file system so. */
const SOURCES = ['stage', 'sandbox', 'program', 'hidden', 'submission']

/** Changes of a census, told apart. */
export interface Changes {
  /** The sandbox's: a group, a process, a mount of its own. */
  readonly own: readonly string[]
  readonly others: readonly string[]
}

/** Whether a line of a census, `mount /sys/root (overlay sandbox) appeared`, has a mark of the sandbox. */
function isOwn(change: string, directory: string): boolean {
  if (!/^(interface|mount) /.test(change)) return true
  const [, target = '', source = ''] = /^mount (.*) \(\S+ (.*)\) \w+$/.exec(change) ?? []
  return target.startsWith(`${STAGE}/root`) || target.startsWith(directory) || SOURCES.includes(source)
}

/**
 * Tells apart what a sandbox has done and what others have.
 * @param changes what two censuses differ in
 * @param directory the one in which the program was started
 */
export const tellApart = (changes: readonly string[], directory: string): Changes => ({
  own: changes.filter(change => isOwn(change, directory)),
  others: changes.filter(change => !isOwn(change, directory)),
})
