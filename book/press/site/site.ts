/**
 * The whole book as a static site: pages, the sources it points at, the index for searching.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { escapeHtml } from '../source/html.ts'
import { present } from '../source/order.ts'
import type { Problem } from '../source/problem.ts'
import { placeLine } from '../source/reading.ts'
import { highlight } from './highlight.ts'
import { type Chapter, chapterPage, pageName, sourcePage } from './page.ts'
import { inlinePicture, pictureFault } from './picture.ts'
import { type Page, render, type Surroundings } from './render.ts'
import { searchIndex } from './search-index.ts'
import { verify } from './verify.ts'

const ASSETS = join(import.meta.dirname, 'assets')

/** Where a piece of a text is, as a line from 1. */
function lineOf(text: string, piece: string): number {
  const at = text.indexOf(piece)
  return at < 0 ? 1 : text.slice(0, at).split('\n').length
}

/** A link to one chapter's heading, to be looked at once all headings are known. */
interface Pending {
  readonly file: string
  readonly line: number
  readonly chapter: string
  readonly anchor: string
}

/** A book that has been read, and what is wrong with it. */
export interface Book {
  readonly chapters: readonly Chapter[]
  /** Files of the checkout that the book points at, relative to it. */
  readonly sources: ReadonlySet<string>
  readonly problems: readonly Problem[]
}

/** Reads and renders one chapter. */
class Reader {
  readonly problems: Problem[] = []
  readonly pending: Pending[] = []
  readonly sources = new Set<string>()
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  read(file: string): Page {
    const text = readFileSync(join(this.#root, file), 'utf8')
    const fault = (where: string, what: string, hint: string) =>
      this.problems.push({ file, line: lineOf(text, where), what, hint })
    const around: Surroundings = {
      link: target => this.#link(file, text, target),
      picture: (target, alternative) => this.#picture(file, target, alternative, fault),
      fault,
    }
    return render(text, around)
  }

  #link(file: string, text: string, target: string): string | undefined {
    if (/^[a-z][\w+.-]*:/i.test(target)) return undefined
    const [path = '', anchor = ''] = target.split('#')
    const whole = path === '' ? file : relative(this.#root, join(this.#root, dirname(file), path))
    const at = join(this.#root, whole)
    if (whole.startsWith('..') || !existsSync(at)) return undefined
    const [, chapter] = /^book\/([\w-]+)\.md$/.exec(whole) ?? []
    if (chapter === undefined) return this.#source(whole)
    if (anchor) this.pending.push({ file, line: lineOf(text, target), chapter, anchor })
    return path === '' ? `#${anchor}` : pageName(chapter) + (anchor ? `#${anchor}` : '')
  }

  #source(path: string): string {
    const file = statSync(join(this.#root, path)).isDirectory() ? join(path, 'README.md') : path
    // A folder without a README has no page: its name is shown without a link.
    if (!existsSync(join(this.#root, file))) return ''
    this.sources.add(file)
    return `source/${file}.html`
  }

  #picture(file: string, target: string, alternative: string, fault: Surroundings['fault']): string | undefined {
    const path = join(this.#root, dirname(file), target)
    if (!target.endsWith('.svg') || !existsSync(path)) {
      fault(target, `there is no picture ${target}`, 'pictures are SVG files in book/pictures/')
      return undefined
    }
    const svg = readFileSync(path, 'utf8')
    const wrong = pictureFault(svg)
    if (wrong)
      this.problems.push({
        file: relative(this.#root, path),
        what: `the picture has ${wrong}`.replace('has it', 'is wrong: it'),
        hint: 'book/press/README.md says what a picture has',
      })
    return inlinePicture(svg, basename(target, '.svg'), alternative)
  }
}

/** Reads the book of a checkout and looks for everything that is wrong with it. */
export function readBook(root: string): Book {
  const reader = new Reader(root)
  const chapters = present(join(root, 'book')).map(place => {
    const file = `book/${place.name}.md`
    return { ...reader.read(file), place, where: placeLine(place, readFileSync(join(root, file), 'utf8')) }
  })
  const anchors = new Map(
    chapters.map(({ place, headings }) => [place.name, new Set(headings.map(({ anchor }) => anchor))]),
  )
  const dead = reader.pending.filter(({ chapter, anchor }) => !anchors.get(chapter)?.has(anchor))
  const problems = [
    ...reader.problems,
    ...dead.map(({ file, line, chapter, anchor }) => ({
      file,
      line,
      what: `book/${chapter}.md has no heading #${anchor}`,
      hint: 'an anchor is the heading in small letters, with hyphens for blanks',
    })),
    ...verify(root, chapters),
  ]
  // Two problems of one line can be equal.
  const once = new Map(problems.map(problem => [JSON.stringify(problem), problem]))
  return { chapters, sources: reader.sources, problems: [...once.values()] }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** A source as a page: its text, coloured. */
function sourceBody(root: string, path: string): string {
  const code = highlight(readFileSync(join(root, path), 'utf8').trimEnd(), path.split('.').at(-1) ?? '')
  return `<h1><code>${escapeHtml(path)}</code></h1>\n<div class="code"><pre tabindex="0"><code>${code}</code></pre></div>`
}

/** Writes the site. @param out a folder; what was in it from before is removed */
export function writeSite(root: string, out: string, { chapters, sources }: Book): void {
  rmSync(out, { recursive: true, force: true })
  for (const chapter of chapters) write(join(out, pageName(chapter.place.name)), chapterPage(chapter, chapters))
  for (const path of sources)
    write(join(out, 'source', `${path}.html`), sourcePage(path, sourceBody(root, path), chapters))
  write(join(out, 'search-index.js'), searchIndex(chapters))
  for (const name of ['style.css', 'press.js', 'theme.js']) copyFileSync(join(ASSETS, name), join(out, name))
  const minisearch = dirname(createRequire(import.meta.url).resolve('minisearch'))
  copyFileSync(join(minisearch, '..', 'umd', 'index.js'), join(out, 'minisearch.js'))
}
