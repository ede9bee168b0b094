/**
 * The picture of a story in a chapter: it has the numbers and times of one run, and another run has others. What it has
 * in common with every other is where in the lab things were done.
 */
const PLACE = /\[(labs\/[\w-]+\.ts:\d+)\]/g

/** The lines of a lab at which something happens in the picture of a story; none in any other picture. */
export const placesIn = (svg: string): string[] => [...new Set([...svg.matchAll(PLACE)].map(match => match[1] ?? ''))]

/**
 * What a picture of the book shows otherwise than one that was drawn now; `undefined` if nothing is.
 * @param kept the picture of the book
 * @param drawn the one of now
 */
export function staleness(kept: string, drawn: string): string | undefined {
  const [before, now] = [placesIn(kept), placesIn(drawn)]
  const gone = before.find(place => !now.includes(place))
  if (gone) return `nothing happens at ${gone} any more`
  const fresh = now.find(place => !before.includes(place))
  return fresh && `what happens at ${fresh} is not in it`
}
