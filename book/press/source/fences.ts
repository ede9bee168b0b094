/**
 * The fenced blocks of a Markdown file, with their lines, so that they can be filled in where they stand.
 */

/** A fenced block. */
export interface Fence {
  /** The text after the opening fence, `ts 03-newnet#child`. */
  readonly info: string
  /** The line of the opening fence, from 1. */
  readonly line: number
  /** The lines between the fences, without the indent of the opening one. */
  readonly body: readonly string[]
  readonly indent: string
  /** Whether a fence closes it. */
  readonly isClosed: boolean
}

/** Every fenced block of a text. */
export function fences(text: string): Fence[] {
  const found: Fence[] = []
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const [, indent = '', ticks = '', info = ''] = /^(\s*)(`{3,}|~{3,})([^`]*)$/.exec(lines[at] as string) ?? []
    if (!ticks) continue
    const closing = new RegExp(`^\\s*${ticks[0]}{${ticks.length},}\\s*$`)
    const length = lines.slice(at + 1).findIndex(line => closing.test(line))
    const end = length < 0 ? lines.length : at + 1 + length
    const body = lines.slice(at + 1, end).map(line => (line.startsWith(indent) ? line.slice(indent.length) : line))
    found.push({ info: info.trim(), line: at + 1, body, indent, isClosed: length >= 0 })
    at = end
  }
  return found
}

/** The text with other lines in some of its blocks. @param filled by the line of the opening fence */
export function refill(text: string, filled: ReadonlyMap<number, readonly string[]>): string {
  const lines = text.split('\n')
  // From the last to the first, so that the numbers of the lines above stay valid.
  for (const { line, body, indent } of fences(text).reverse()) {
    const next = filled.get(line)?.map(each => (each ? indent + each : ''))
    if (next) lines.splice(line, body.length, ...next)
  }
  return lines.join('\n')
}
