/**
 * Says where in the reader's own file a system call comes from, to a tracer that wants to know: the story of a check
 * shows it. It is for display alone; nothing is judged by it.
 */
import { findSourceMap } from 'node:module'
import { relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import koffi from 'koffi'
import { ROOT } from './root.ts'

/** The environment variable that a check sets for its program where it tells the story of it. */
export const STORY_VARIABLE = 'CHECK_STORY'
/**
 * The option of prctl(2) by which it is said. No kernel knows it, so without a tracer the call fails with EINVAL and
 * has done nothing; with one, the thread stands still meanwhile and the tracer reads the text behind the pointer.
 */
export const STORY_OPTION = 0x53544f52
/** The longest text, in bytes: a call, a space, and `file:line`. */
export const LONGEST_PLACE = 1024

const libcPrctl = koffi.load(null).func('int prctl(int option, const char *text, unsigned long length)')

/** The calls that a story tells of. */
const TOLD = new Set(
  'clone clone3 execve execvp kill mount umount2 pivot_root chroot sethostname unshare setns ioctl write mkdir rmdir'.split(
    ' ',
  ),
)
/** How far the reader's own function may be above the call. */
const DEPTH = 24
/** Where each frame of this program comes from; there are few, and each is met again and again. */
const known = new Map<string, string>()

/** The call sites above the caller, as V8 has them: in the bundle, where the program runs from one. */
function callSites(): readonly NodeJS.CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = DEPTH
    Error.prepareStackTrace = (_error, sites) => sites
    const sites: unknown = new Error().stack
    return Array.isArray(sites) ? sites : []
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    Error.prepareStackTrace = prepareStackTrace as typeof Error.prepareStackTrace
  }
}

const pathOf = (name: string) => (name.startsWith('file://') ? fileURLToPath(name) : name)

/** The source and the line of a frame, `/checkout/labs/02-newpid.ts:72`; empty for what is no file. */
function sourceOf(site: NodeJS.CallSite): string {
  const [file, line, column] = [site.getFileName(), site.getLineNumber(), site.getColumnNumber()]
  if (!file || line === null || column === null || file.startsWith('node:')) return ''
  const key = `${file}:${line}:${column}`
  const found = known.get(key)
  if (found !== undefined) return found
  const entry = findSourceMap(file)?.findEntry(line - 1, column - 1)
  const place =
    entry && 'originalSource' in entry
      ? `${pathOf(entry.originalSource)}:${entry.originalLine + 1}`
      : `${pathOf(file)}:${line}`
  known.set(key, place)
  return place
}

const isReaders = (place: string) =>
  place !== '' && !place.startsWith(`${ROOT}${sep}lib${sep}`) && !place.includes(`${sep}node_modules${sep}`)

/** A place below the checkout is shown from there. */
const short = (place: string) => (place.startsWith(`${ROOT}${sep}`) ? relative(ROOT, place) : place)

function tell(name: string): void {
  if (!TOLD.has(name)) return
  try {
    const place = callSites().map(sourceOf).find(isReaders)
    if (place === undefined) return
    const text = `${name} ${short(place)}`
    libcPrctl(STORY_OPTION, text, Math.min(Buffer.byteLength(text), LONGEST_PLACE))
  } catch {
    // What is only for display must not keep a program from its work.
  }
}

/**
 * To be called right before a system call that a story tells of. Outside a check with a story it does nothing.
 * @param name the call, as its man page names it
 */
export const announce: (name: string) => void = process.env[STORY_VARIABLE] === '1' ? tell : () => {}
