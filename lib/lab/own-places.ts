/**
 * The places in a stack that are in the reader's own program: neither in lib/ nor in Node nor in a package.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ROOT } from '../machine/root.ts'

/** One place, as `mine/03-newnet.ts:57:22 (child)`. */
interface Place {
  readonly path: string
  readonly line: number
  readonly column: number
  readonly name: string | undefined
}

/** A line of a stack. Functions without a name have the place alone. */
const FRAME = /^\s+at (?:(?:async )?(.+?) \()?((?:file:\/\/)?\/.+?):(\d+):(\d+)\)?$/
/** Rooms of the checkout whose code is no reader's. */
const OURS = ['lib', 'native', 'checks', 'buildroot', 'book', 'node_modules']
/** How many places are shown. */
const MOST = 2

/** Whether a file is a reader's own: a copy of a lab, a lab itself, or a program outside of this checkout. */
function isOwn(path: string): boolean {
  if (path.includes('/node_modules/')) return false
  return !OURS.some(room => path.startsWith(`${ROOT}/${room}/`))
}

function placesIn(stack: string): Place[] {
  return stack.split('\n').flatMap(text => {
    const [, name, file = '', line, column] = FRAME.exec(text) ?? []
    if (line === undefined) return []
    const path = file.startsWith('file://') ? fileURLToPath(file) : file
    // What V8 makes up for the body of a module says nothing.
    const known =
      name === undefined || /^(Object\.<anonymous>|<anonymous>|file:|Module\.)/.test(name) ? undefined : name
    return isOwn(path) ? [{ path, line: Number(line), column: Number(column), name: known }] : []
  })
}

/** The line itself; nothing where the file cannot be read, as in another root. */
function textOf({ path, line }: Place): string | undefined {
  try {
    return readFileSync(path, 'utf8').split('\n')[line - 1]?.trim()
  } catch {
    return undefined
  }
}

/** A path as a reader wants to see it: in this checkout from its top. */
const shown = (path: string) => (path.startsWith(`${ROOT}/`) ? path.slice(ROOT.length + 1) : path)

/**
 * The reader's own places of a stack as lines: the innermost with its text, and who has called it.
 * @returns none where there is no such place
 */
export function placeLines(stack: string): string[] {
  return placesIn(stack)
    .slice(0, MOST)
    .flatMap((place, i) => {
      const { path, line, column, name } = place
      const text = i === 0 ? textOf(place) : undefined
      const where = `    at ${shown(path)}:${line}:${column}${name === undefined ? '' : ` (${name})`}`
      return text === undefined || text === '' ? [where] : [where, `    ${line} | ${text}`]
    })
}
