/**
 * One number for a whole directory: it changes with any name, type, owner, permission or byte in it.
 */
import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type LayerEntry, layerEntries } from './whiteouts.ts'

function contentsOf(path: string, { kind, stat }: LayerEntry): string | Buffer {
  if (kind === 'file') return readFileSync(path)
  return kind === 'link' ? readlinkSync(path) : String(stat.rdev)
}

/**
 * A digest of all that is in a directory, byte for byte. Times are left out; no link is followed.
 * @returns the first twelve digits of a sha256, as the IDs of images are shown
 * @throws Error ENOENT, EACCES of node:fs
 */
export function treeDigest(directory: string): string {
  const hash = createHash('sha256')
  for (const entry of layerEntries(directory)) {
    const { path, kind, stat } = entry
    const contents = createHash('sha256')
      .update(contentsOf(join(directory, path), entry))
      .digest('hex')
    hash.update(`${JSON.stringify([path, kind, stat.mode, stat.uid, stat.gid, contents])}\n`)
  }
  return hash.digest('hex').slice(0, 12)
}
