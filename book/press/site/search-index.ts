/**
 * An index of all sections, made when the book is built, so that the search needs no server.
 */
import MiniSearch from 'minisearch'
import { unescapeHtml } from '../source/html.ts'
import { type Chapter, pageName } from './page.ts'

/** How the index is made; the page has to search with the same. */
export const SEARCH_OPTIONS = { fields: ['title', 'text'], storeFields: ['title', 'chapter', 'start'] }

/** Tags that do not separate words. */
const INLINE = /<\/?(?:a|b|code|em|span|strong)\b[^>]*>/g

const wordsOf = (html: string) =>
  unescapeHtml(
    html
      .replace(/<(style|script|button|title|desc)\b[\s\S]*?<\/\1>/g, ' ')
      .replace(INLINE, '')
      .replace(/<[^>]+>/g, ' '),
  )
    .replace(/\s+/g, ' ')
    .trim()

/** The sections of a chapter, each from its heading to the next. */
function sections({ html, title: chapter, place }: Chapter) {
  const parts = html.split(/(?=<h[1-3] id=")/).filter(part => part.startsWith('<h'))
  return parts.map(part => {
    const [heading = '', depth = '', anchor = ''] = /^<h([1-3]) id="([^"]*)">[\s\S]*?<\/h\1>/.exec(part) ?? []
    const title = wordsOf(heading.replace(/<a class="anchor"[\s\S]*?<\/a>/, ''))
    const text = wordsOf(part.slice(heading.length))
    const id = pageName(place.name) + (depth === '1' ? '' : `#${anchor}`)
    return { id, title, chapter, text, start: text.slice(0, 120) }
  })
}

/** The index as a script: a page that is opened as a file may not fetch one. */
export function searchIndex(chapters: readonly Chapter[]): string {
  const index = new MiniSearch(SEARCH_OPTIONS)
  index.addAll(chapters.flatMap(sections))
  return `window.bookIndex = ${JSON.stringify({ options: SEARCH_OPTIONS, index: JSON.stringify(index) })}\n`
}
