/**
 * The shapes that a picture is made of, as SVG. Every text goes through `escapeXml`; numbers alone reach an attribute.
 */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** As text between tags. What no XML may contain has been spelt out before. */
export const escapeXml = (text: string): string => text.replace(/[&<>"']/g, character => ENTITIES[character] as string)

const at = (number: number) => String(Math.round(number * 10) / 10)

/** A text. @param kind its class @param anchor where in it `x` is */
export function text(kind: string, x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end' = 'start') {
  const side = anchor === 'start' ? '' : ` text-anchor="${anchor}"`
  return `<text class="${kind}" x="${at(x)}" y="${at(y)}"${side}>${escapeXml(words)}</text>`
}

export const rectangle = (kind: string, x: number, y: number, width: number, height: number, round = 0): string =>
  `<rect class="${kind}" x="${at(x)}" y="${at(y)}" width="${at(Math.max(0, width))}" height="${at(Math.max(0, height))}"${round > 0 ? ` rx="${at(round)}"` : ''}/>`

export const path = (kind: string, points: readonly (readonly [number, number])[]): string =>
  `<path class="${kind}" d="${points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${at(x)} ${at(y)}`).join('')}"/>`

/** A vertical arrow, with its head at the second height. @param kind the class of the line; its head's has an h */
export function arrow(kind: string, x: number, from: number, to: number): string {
  const way = to > from ? 1 : -1
  const base = to - 6 * way
  const head = `<path class="${kind}h" d="M${at(x)} ${at(to)}L${at(x - 4)} ${at(base)}L${at(x + 4)} ${at(base)}Z"/>`
  return (
    path(kind, [
      [x, from],
      [x, base],
    ]) + head
  )
}

/** A cross, where something has ended by force or led nowhere. */
export const cross = (kind: string, x: number, y: number, size = 4): string =>
  path(kind, [
    [x - size, y - size],
    [x + size, y + size],
  ]) +
  path(kind, [
    [x - size, y + size],
    [x + size, y - size],
  ])

/** A number in a circle, which leads to the line below the picture. */
export const number = (x: number, y: number, value: number): string =>
  `<circle class="sd" cx="${at(x)}" cy="${at(y)}" r="8"/>${text('sn', x, y + 3.5, String(value))}`
