/**
 * For tests and proofs that have an ordinary user run something: a checkout and a Node that every user may read. Those at
 * hand may lie in a home that only root may enter.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT } from '../machine/root.ts'
import { draftPrefix } from '../tidy/drafts.ts'

/** What is not copied with a checkout: the reader's own files, and what can be made again. */
const NOT_OURS = ['.git', 'node_modules', 'mine', 'grades', 'book/site', 'buildroot/fs', 'buildroot/work']

/** Whether every user may enter a folder, and every folder on the way to it. */
function mayAllEnter(folder: string): boolean {
  return (statSync(folder).mode & 0o1) !== 0 && (folder === '/' || mayAllEnter(dirname(folder)))
}

/** Whether every user may read a folder or start a program, as far as its own mode and its place say. */
function isOpenToAll(path: string): boolean {
  const real = realpathSync(path)
  return (statSync(real).mode & 0o5) === 0o5 && mayAllEnter(dirname(real))
}

/** Whether every user may read this checkout. With a strict umask the files are closed even in an open folder. */
const isCheckoutOpen = () => ['lib', 'native/build', 'node_modules/koffi'].every(name => isOpenToAll(join(ROOT, name)))

/** Copies of labs lie beside the sources while other tests run, and go at any moment. */
const isOurs = (path: string) => !NOT_OURS.includes(path) && !path.startsWith('.mine.')

/**
 * Copies all that is ours of this checkout, without the packages. cp(1) takes a tenth of the time that Node does.
 * @param within a folder of it, relative to it
 */
export function copySources(target: string, within = ''): void {
  const paths = readdirSync(join(ROOT, within)).map(name => join(within, name))
  const isSplit = (path: string) => NOT_OURS.some(each => each.startsWith(`${path}/`))
  mkdirSync(join(target, within), { recursive: true })
  const whole = paths.filter(path => isOurs(path) && !isSplit(path))
  execFileSync('cp', ['-a', ...whole.map(path => join(ROOT, path)), join(target, within)])
  for (const path of paths.filter(isSplit)) copySources(target, path)
}

/** The names of what `npm ci` has installed. */
export const packageNames = (): string[] => readdirSync(join(ROOT, 'node_modules')).filter(name => name !== '.cache')

let folder: string | undefined

/** Where the copies lie. It goes with the calling process; a child of clone() ends without its exit handlers. */
function copies(): string {
  if (folder !== undefined) return folder
  const made = mkdtempSync(draftPrefix(join(tmpdir(), 'containers-from-clone.readable-')))
  process.once('exit', () => rmSync(made, { recursive: true, force: true }))
  chmodSync(made, 0o755)
  folder = made
  return made
}

function copyCheckout(): string {
  const checkout = join(copies(), 'workbook')
  copySources(checkout)
  // A cache of its own: what is in the real one may be written at this moment.
  mkdirSync(join(checkout, 'node_modules', '.cache'), { recursive: true })
  for (const name of packageNames())
    cpSync(join(ROOT, 'node_modules', name), join(checkout, 'node_modules', name), {
      recursive: true,
      verbatimSymlinks: true,
    })
  execFileSync('chmod', ['-R', 'a+rX', checkout])
  return checkout
}

function copyNode(): string {
  const node = join(copies(), 'node')
  cpSync(realpathSync(process.execPath), node)
  chmodSync(node, 0o755)
  return node
}

let checkout: string | undefined
let node: string | undefined

/** A checkout that every user may read: this one where that is so, else a copy of it, made once. */
export function readableCheckout(): string {
  checkout ??= isCheckoutOpen() ? ROOT : copyCheckout()
  return checkout
}

/** The Node that runs this, or a copy of it that every user may start. */
export function readableNode(): string {
  node ??= isOpenToAll(process.execPath) ? process.execPath : copyNode()
  return node
}
