/**
 * A picture of the book as an element of the page, so that it follows the page's light or dark and needs no further
 * file.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { escapeHtml } from '../source/html.ts'

/** What a picture has to contain, and how a problem names it where it is missing. */
const PARTS: readonly (readonly [RegExp, string])[] = [
  [/<svg[^>]*\sviewBox="/, 'no viewBox: it could not be scaled'],
  [/<svg[^>]*\srole="img"/, 'no role="img"'],
  [/<title\b[^>]*>[^<]+<\/title>/, 'no <title>'],
  [/<desc\b[^>]*>[^<]+<\/desc>/, 'no <desc>'],
]
const FOREIGN = /(?:href|src)="(?!#)|url\((?!["']?#)|@import|<script|<image/

/** The names of the colours that the pages have. */
const COLOURS: ReadonlySet<string> = new Set(
  readFileSync(join(import.meta.dirname, 'assets', 'style.css'), 'utf8').match(/--[\w-]+(?=:)/g),
)

/** What is wrong with a picture. */
export function pictureFault(svg: string): string | undefined {
  if (FOREIGN.test(svg)) return 'it refers to something outside itself'
  const strange = [...svg.matchAll(/var\((--[\w-]+)\)/g)].find(([, name = '']) => !COLOURS.has(name))
  if (strange) return `${strange[1]} is no colour of the pages: see book/press/site/assets/style.css`
  return PARTS.find(([part]) => !part.test(svg))?.[1]
}

/** The rules of a picture for that picture alone. The colours are the page's: they follow its light or dark. */
function scope(css: string, id: string): string {
  const plain = css.replace(/\/\*[\s\S]*?\*\//g, '').replace(/@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/g, '')
  return plain.replace(/([^{}]+)\{([^{}]*)\}/g, (_, selectors: string, rules: string) => {
    if (selectors.includes(':root')) return ''
    const own = selectors.split(',').map(selector => `#${id} ${selector.trim()}`)
    return `${own.join(',')}{${rules.trim()}}`
  })
}

/**
 * A picture as part of a page.
 * @param name of its file, without the ending
 * @param alternative what it says, in words
 */
export function inlinePicture(svg: string, name: string, alternative: string): string {
  const id = `picture-${name.replace(/[^\w-]/g, '-')}`
  const whole = svg.slice(svg.indexOf('<svg'), svg.lastIndexOf('</svg>') + 6)
  return whole
    .replace(/<style>([\s\S]*?)<\/style>/g, (_, css: string) => `<style>${scope(css, id).trim()}</style>`)
    .replace(/\sid="([^"]+)"/g, (_, own: string) => ` id="${id}-${own}"`)
    .replace(/url\(#([^)]+)\)/g, (_, own: string) => `url(#${id}-${own})`)
    .replace(/href="#([^"]+)"/g, (_, own: string) => `href="#${id}-${own}"`)
    .replace(/\saria-(?:label|labelledby|describedby)="[^"]*"/g, '')
    .replace(/<svg([^>]*?)\sid="[^"]*"/, '<svg$1')
    .replace('<svg', `<svg id="${id}" aria-label="${escapeHtml(alternative)}"`)
}
