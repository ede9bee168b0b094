/**
 * How long a chapter takes to read, and which of how many it is.
 */
import { fences } from './fences.ts'
import { ORDER, type Place } from './order.ts'

/** Words of prose that a reader who thinks along reads in a minute, and lines of code or of a session. */
const [WORDS, LINES] = [200, 40]

/** Minutes to read a chapter, answers and sessions included, without running anything. */
export function minutesToRead(markdown: string): number {
  const blocks = fences(markdown)
  const lines = blocks.reduce((sum, { body }) => sum + body.length, 0)
  const inBlocks = blocks.flatMap(({ body }) => body.join(' ').split(/\s+/)).length
  const words = markdown.split(/\s+/).length - inBlocks
  return Math.max(1, Math.round(words / WORDS + lines / LINES))
}

/** What stands below the title of a chapter: `Chapter 2 of 6 · 25 minutes to read`. The cover has nothing. */
export function placeLine({ name, lab }: Place, markdown: string): string {
  if (name === 'README') return ''
  const labs = ORDER.filter(place => place.lab).length
  const minutes = minutesToRead(markdown)
  const time = `${minutes} minute${minutes === 1 ? '' : 's'} to read`
  return lab ? `Chapter ${lab.number} of ${labs} · ${time}` : time
}
