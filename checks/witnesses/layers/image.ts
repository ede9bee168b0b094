/**
 * What is recorded of an overlay: what its image does to a root file system, and what was done to its directories.
 */
import type { KnownOverlay, Layer } from './overlay.ts'
import type { Image, OverlayRecord } from './record.ts'

/**
 * What the layers of an overlay hold.
 * @param rootfs the files and links of `./fs` as they were before the program ran
 */
function imageOf({ lower }: KnownOverlay, rootfs: ReadonlyMap<string, string>): Image | undefined {
  // Of what was too large to be read it is not known that it is another.
  const differ = (one: string | undefined, other: string | undefined) =>
    one !== undefined && other !== undefined && one !== other
  const base = lower.at(-1)
  const above = lower.slice(0, -1)
  if (!base || above.length === 0 || above.some(layer => layer === undefined)) return undefined
  const entries = above.flatMap(layer => [...(layer as Layer).before].map(([path, entry]) => ({ layer, path, entry })))
  const has = (path: string) => base.before.get(path)
  return {
    lacks: [...rootfs].filter(([path, text]) => base.contents.get(path) !== text).map(([path]) => path),
    changed: entries
      .filter(
        ({ path, entry, layer }) =>
          entry.kind === 'file' &&
          has(path)?.kind === 'file' &&
          differ(base.contents.get(path), layer?.contents.get(path)),
      )
      .map(({ path }) => path),
    added: entries.filter(({ path, entry }) => entry.kind === 'file' && !has(path)).map(({ path }) => path),
    removed: entries
      .filter(
        ({ path, entry }) => entry.kind === 'whiteout' && has(path) !== undefined && has(path)?.kind !== 'whiteout',
      )
      .map(({ path }) => path),
  }
}

/**
 * All that is recorded of an overlay.
 * @param rootfs the files and links of `./fs` as they were before the program ran
 */
export function overlayRecord(overlay: KnownOverlay, rootfs: ReadonlyMap<string, string>): OverlayRecord {
  const { order, target, lower, names, upper, spoilt, strange } = overlay
  return {
    order,
    target,
    lower: lower.map(layer => layer?.held.id),
    upper: upper?.id,
    image: imageOf(overlay, rootfs),
    tooLarge: names.filter((_, i) => lower[i]?.isTooLarge),
    spoilt: [...spoilt],
    strange: [...strange],
  }
}
