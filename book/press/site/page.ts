/**
 * The frame of every page: contents, search, light and dark, links to the chapters before and after.
 */
import { takesRoot } from '../../../lib/lab/manifest.ts'
import { escapeHtml } from '../source/html.ts'
import type { Place } from '../source/order.ts'
import { highlight } from './highlight.ts'
import type { Page } from './render.ts'

/** A chapter that has been rendered. */
export interface Chapter extends Page {
  readonly place: Place
  /** What is said below its title: which chapter it is, and how long it takes. */
  readonly where: string
}

/** What a chapter's page is called. */
export const pageName = (name: string): string => (name === 'README' ? 'index.html' : `${name}.html`)

const BOOK_TITLE = 'Containers from clone'

/** What the lists call a chapter. */
const label = ({ place, title }: Chapter) =>
  place.lab ? `<span class="number">${place.lab.number}</span> ${escapeHtml(title)}` : escapeHtml(title)

function contents(chapters: readonly Chapter[], current: Chapter | undefined, up: string): string {
  const items = chapters.map(chapter => {
    const isHere = chapter === current
    const sections = chapter.headings.filter(({ depth }) => depth === 2)
    const inner = sections.map(({ text, anchor }) => `<li><a href="#${anchor}">${escapeHtml(text)}</a></li>`).join('')
    const here = isHere ? ' aria-current="page"' : ''
    return `<li><a href="${up}${pageName(chapter.place.name)}"${here}>${label(chapter)}</a>${isHere && inner ? `<ol>${inner}</ol>` : ''}</li>`
  })
  return `<nav id="all-chapters" class="contents" aria-label="Contents"><h2>Contents</h2><ol>${items.join('\n')}</ol></nav>`
}

/** What a reader does with a lab, as commands. */
function labBox({ place: { lab } }: Chapter): string {
  if (!lab) return ''
  const sudo = takesRoot(lab) ? 'sudo ' : ''
  const rows = [
    ['Run it', `${sudo}npx tsx labs/${lab.slug}.ts`],
    ['Check it', `npm run check lab${lab.number}`],
    ['Get the exercises', `npm run exercise lab${lab.number}`],
    ['Start over', `npm run reset lab${lab.number}`],
  ] as const
  const row = ([what, command]: readonly [string, string]) =>
    `<dt>${what}</dt><dd class="code"><pre tabindex="0"><code>${highlight(command, 'sh')}</code></pre><button type="button" class="copy">Copy</button></dd>`
  return `<dl class="lab" aria-label="Commands of lab ${lab.number}">${rows.map(row).join('\n')}</dl>`
}

function turning(chapters: readonly Chapter[], current: Chapter): string {
  const at = chapters.indexOf(current)
  const link = (chapter: Chapter | undefined, rel: string, word: string) =>
    chapter
      ? `<a rel="${rel}" href="${pageName(chapter.place.name)}"><span>${word}</span> ${escapeHtml(chapter.title)}</a>`
      : ''
  return `<nav class="turning" aria-label="Previous and next chapter">${link(chapters[at - 1], 'prev', 'Previous')}${link(chapters[at + 1], 'next', 'Next')}</nav>`
}

/** A whole document. @param up the way from it to the first page, `` or `../` */
function documentOf(title: string, body: string, nav: string, up: string): string {
  const name = title === BOOK_TITLE ? title : `${title} · ${BOOK_TITLE}`
  return `<!doctype html>
<html lang="en" data-up="${up}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(name)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${up}style.css">
<script src="${up}theme.js"></script>
<script src="${up}press.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header class="top">
<a class="title" href="${up}index.html">${BOOK_TITLE}</a>
<a class="to-contents" href="#all-chapters">Contents</a>
<search class="search"><label for="search">Search</label><input id="search" type="search" placeholder="Search" autocomplete="off" role="combobox" aria-expanded="false" aria-controls="found" aria-autocomplete="list"><ul id="found" role="listbox" aria-label="Found" hidden></ul><p id="count" role="status" class="unseen"></p></search>
<button type="button" id="theme" aria-label="Light or dark" hidden>◐</button>
</header>
<div class="spread">
<main id="main" tabindex="-1">
${body}
</main>
${nav}
</div>
</body>
</html>
`
}

/** The page of a chapter. */
export function chapterPage(chapter: Chapter, chapters: readonly Chapter[]): string {
  const where = chapter.where ? `<p class="where">${escapeHtml(chapter.where)}</p>\n` : ''
  const html = chapter.html.replace('</h1>\n', () => `</h1>\n${where}${labBox(chapter)}`)
  return documentOf(
    chapter.title,
    `<article>${html}</article>\n${turning(chapters, chapter)}`,
    contents(chapters, chapter, ''),
    '',
  )
}

/** The page of a source that the book points at. */
export function sourcePage(path: string, body: string, chapters: readonly Chapter[]): string {
  const up = '../'.repeat(path.split('/').length)
  return documentOf(path, body, contents(chapters, undefined, up), up)
}
