/**
 * Markdown to HTML: anchors as on a code host, code coloured, sessions, pictures in the page, man pages linked.
 */
import GithubSlugger from 'github-slugger'
import { Marked, type Token, type Tokens } from 'marked'
import { escapeHtml, unescapeHtml } from '../source/html.ts'
import { quotationOf } from '../source/quote.ts'
import { highlight, isLanguage } from './highlight.ts'
import { MAN_PAGE, manPageAddress } from './man-pages.ts'
import { sessionHtml } from './session-html.ts'

/** A heading of a page. */
export interface Heading {
  readonly depth: number
  readonly text: string
  readonly anchor: string
}

/** What rendering a page asks of the code that knows the other pages and the files. */
export interface Surroundings {
  /** Where a link leads on the site; `undefined` if it leads nowhere. */
  readonly link: (target: string) => string | undefined
  /** A picture as HTML; `undefined` if there is none. */
  readonly picture: (target: string, alternative: string) => string | undefined
  /** Is called with what is wrong. @param where a piece of the source by which its line can be found */
  readonly fault: (where: string, what: string, hint: string) => void
}

/** A page without what is around it. */
export interface Page {
  readonly html: string
  readonly title: string
  readonly headings: readonly Heading[]
}

/** The plain text of a piece of Markdown. */
export function plainText(tokens: readonly Token[] | undefined): string {
  return (tokens ?? [])
    .map(token =>
      'tokens' in token && token.tokens
        ? plainText(token.tokens)
        : 'text' in token
          ? unescapeHtml(String(token.text))
          : '',
    )
    .join('')
}

/** The names of man pages in a text as links. @param escaped the text as HTML */
function linkManPages(escaped: string, isStrict: boolean, { fault }: Surroundings): string {
  return escaped.replace(MAN_PAGE, (name, page: string, section: string) => {
    const address = manPageAddress(page, section)
    if (address) return `<a class="man" href="${address}">${name}</a>`
    if (isStrict)
      fault(
        name,
        `${name} is not in the list of man pages`,
        'correct it, or look it up and add it to book/press/site/man-pages.ts',
      )
    return name
  })
}

const COPY = '<button type="button" class="copy">Copy</button>'

function codeHtml({ text, lang = '' }: Tokens.Code, { fault }: Surroundings): string {
  const [language = ''] = lang.split(/\s+/)
  if (!isLanguage(language))
    fault(`\`\`\`${lang}`, `${language} is no language the book knows`, 'the list is in book/press/site/highlight.ts')
  if (language === 'console')
    return `<div class="code session"><pre tabindex="0"><code>${sessionHtml(text.split('\n'))}</code></pre>${/^\$ /m.test(text) ? COPY : ''}</div>\n`
  const quotation = quotationOf({ info: lang })
  const caption = quotation
    ? `<p class="source">${escapeHtml(quotation.source)} <span>${escapeHtml(quotation.region)}</span></p>`
    : ''
  return `<div class="code">${caption}<pre tabindex="0"><code>${highlight(text, language)}</code></pre>${COPY}</div>\n`
}

/** Renders a page. */
export function render(markdown: string, around: Surroundings): Page {
  const slugger = new GithubSlugger()
  const headings: Heading[] = []
  let title = ''
  let linkDepth = 0
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const text = plainText(tokens)
        const anchor = slugger.slug(text)
        const inner = this.parser.parseInline(tokens)
        headings.push({ depth, text, anchor })
        if (depth === 1) title ||= text
        const own =
          depth === 1 ? '' : ` <a class="anchor" href="#${anchor}" aria-label="Link to ${escapeHtml(text)}">#</a>`
        return `<h${depth} id="${anchor}">${inner}${own}</h${depth}>\n`
      },
      code: token => codeHtml(token, around),
      codespan: ({ text }) =>
        `<code>${linkDepth > 0 ? escapeHtml(text) : linkManPages(escapeHtml(text), false, around)}</code>`,
      text(token) {
        if ('tokens' in token && token.tokens) return this.parser.parseInline(token.tokens)
        const html = 'escaped' in token && token.escaped ? token.text : escapeHtml(unescapeHtml(token.text))
        return linkDepth > 0 ? html : linkManPages(html, true, around)
      },
      link({ href, tokens, raw }) {
        linkDepth++
        const inner = this.parser.parseInline(tokens)
        linkDepth--
        const target = around.link(href)
        if (target === undefined)
          around.fault(
            raw,
            `the link to ${href} leads nowhere`,
            'name a chapter, a heading in it, or a file of the checkout',
          )
        return target ? `<a href="${escapeHtml(target)}">${inner}</a>` : inner
      },
      image({ href, text, raw }) {
        const alternative = unescapeHtml(text)
        if (!alternative)
          around.fault(raw, `the picture ${href} has no text alternative`, 'say in the brackets what it says')
        return around.picture(href, alternative) ?? ''
      },
      table(token) {
        const cellHtml = (cell: Tokens.TableCell, tag: 'th' | 'td') => {
          const inner = this.parser.parseInline(cell.tokens)
          // An empty corner cell is the header of nothing.
          return tag === 'th' && inner ? `<th scope="col">${inner}</th>` : `<td>${inner}</td>`
        }
        const row = (cells: Tokens.TableCell[], tag: 'th' | 'td') =>
          `<tr>${cells.map(cell => cellHtml(cell, tag)).join('')}</tr>`
        const rows = token.rows.map(cells => row(cells, 'td')).join('\n')
        return `<div class="table" tabindex="0"><table>\n<thead>${row(token.header, 'th')}</thead>\n<tbody>${rows}</tbody></table></div>\n`
      },
      paragraph({ tokens }) {
        const [only] = tokens
        const inner = this.parser.parseInline(tokens)
        if (tokens.length === 1 && only?.type === 'image')
          return `<figure class="picture" tabindex="0">${inner}</figure>\n`
        return `<p>${inner}</p>\n`
      },
    },
  })
  const html = marked.parse(markdown, { async: false })
  return { html, title, headings }
}
