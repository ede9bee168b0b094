/**
 * A recorded session as a picture of a terminal, for places that are no book, such as the README. Run as a program, it
 * draws that of lab 3 anew: npx tsx book/press/recording/session-picture.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../../../lib/machine/root.ts'
import { escapeHtml } from '../source/html.ts'
import { recordingsOf } from './recording.ts'

/** The chapter with the recording. */
const CHAPTER = join(ROOT, 'book', '03-newnet.md')
/** The picture of it. */
export const SESSION_PICTURE: string = join(ROOT, 'book', 'pictures', '03-session.svg')

const [LEFT, TOP, ROW, COLUMN] = [18, 52, 19, 8.1]
/** Light by default, dark where the reader's system is; each colour is readable on its ground (WCAG AA). */
const STYLE = `<style>
.g{fill:#f6f8fa;stroke:#d0d7de}.x{fill:#1f2328}.c{fill:#0550ae;font-weight:bold}.o{fill:#8a4600}.i{fill:#116329}.n{fill:#59636e}
text{font:13.5px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre}
@media(prefers-color-scheme:dark){.g{fill:#161b22;stroke:#30363d}.x{fill:#e6edf3}.c{fill:#79c0ff}.o{fill:#ffa657}.i{fill:#7ee787}.n{fill:#9198a1}}
</style>`

/** What kind a line is: a command, something said outside or inside, a remark, or the output of another program. */
function kindOf(line: string): string {
  if (line.startsWith('$ ')) return 'c'
  if (line.startsWith('outside')) return 'o'
  if (/^ inside/.test(line)) return 'i'
  return line.startsWith('         ') ? 'n' : 'x'
}

/**
 * Draws the first session that is recorded in a chapter.
 * @throws Error if it has none
 */
export function drawSession(chapter: string, title: string): string {
  const [recording] = recordingsOf(chapter)
  if (!recording || recording.body.length < 2) throw new Error('no recorded session\nhint: npm run book -- record 03')
  const lines = recording.body
  const width = Math.ceil(2 * LEFT + Math.max(...lines.map(line => line.length)) * COLUMN)
  const height = TOP + lines.length * ROW
  const rows = lines.map(
    (line, i) => `<text class="${kindOf(line)}" x="${LEFT}" y="${TOP + i * ROW}">${escapeHtml(line)}</text>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">`,
    `<title>${escapeHtml(title)}</title>`,
    `<desc>${escapeHtml(lines.join(' · '))}</desc>`,
    STYLE,
    `<rect class="g" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...[0, 1, 2].map(i => `<circle class="n" cx="${LEFT + 6 + i * 18}" cy="20" r="5" opacity="0.5"/>`),
    ...rows,
    '</svg>',
    '',
  ].join('\n')
}

/** The picture as it has to be now. */
export const sessionPicture = (): string =>
  drawSession(readFileSync(CHAPTER, 'utf8'), 'Lab 3 in a terminal: a child in a network of its own pings its parent')

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(SESSION_PICTURE, sessionPicture())
