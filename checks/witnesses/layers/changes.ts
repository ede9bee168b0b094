/**
 * What a call has done to an upper directory.
 */
import type { Change } from './record.ts'
import type { Entry } from './tree.ts'

/**
 * What something new in an upper directory is.
 * @param below what the layers below have of that path
 */
export function kindOfChange(kind: Entry['kind'], below: Entry['kind'] | undefined): Change['kind'] | undefined {
  if (kind === 'unseen') return undefined
  if (kind === 'opaque') return below && 'opaque'
  // A whiteout of what is nowhere below hides nothing, and one of a directory is only on the way to another one.
  if (kind === 'whiteout') return below && below !== 'directory' ? 'removed' : undefined
  return below === 'file' ? 'copied' : 'added'
}
