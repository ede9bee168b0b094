/**
 * One JavaScript file from a TypeScript program, kept until one of its sources changes. It lets the process that
 * replaces this one start without a loader: sooner, and without the loader's thread.
 */
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { ROOT } from '../machine/root.ts'
import { draftName } from '../tidy/drafts.ts'
import { bundlePath, cachedBundle, canKeepBundles, FOLDER, MARK, stamp } from './bundle-cache.mjs'
import { type CompileOptions, compileWith } from './esbuild.mjs'
import { MOVED } from './moved.ts'

export { cachedBundle }

/** Lets an import of a file of lib/ by its former name find the file where it is now. */
const findMoved: import('esbuild').Plugin = {
  name: 'find-moved',
  setup: build =>
    build.onResolve({ filter: /^[./].*\/lib\/[\w-]+\.ts$/ }, ({ path, resolveDir }) => {
      const moved = MOVED[basename(path)]
      const old = resolve(resolveDir, path)
      return moved === undefined || existsSync(old) || dirname(old) !== join(ROOT, 'lib')
        ? undefined
        : { path: join(ROOT, 'lib', moved) }
    }),
}

/**
 * The text of the bundle of a program.
 * @param plugins further plugins of esbuild
 * @throws BuildFailure of esbuild
 */
export async function compile(
  entry: string,
  plugins: readonly import('esbuild').Plugin[] = [],
  options: CompileOptions = {},
): Promise<string> {
  const lock = join(ROOT, 'package-lock.json')
  const packages = [lock, stamp(lock)] as const
  const { text, stamps: sources } = await compileWith(entry, [...plugins, findMoved], options)
  const stamps = Object.fromEntries([...sources, packages])
  return `${text}\n${MARK}${JSON.stringify(stamps)}\n`
}

/** Whether a program is one of this checkout, whose bundle is kept. */
export function isInCheckout(entry: string): boolean {
  return entry.startsWith(`${ROOT}/`) && !entry.includes('/node_modules/')
}

/** Keeps a bundle for the next time. @returns its path, `undefined` where nothing can be written */
function keep(entry: string, text: string): string | undefined {
  const file = bundlePath(entry)
  const draft = draftName(`${file}.`)
  try {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(draft, text)
    const owner = statSync(ROOT)
    if (process.getuid?.() === 0)
      for (const path of [dirname(FOLDER), FOLDER, draft]) chownSync(path, owner.uid, owner.gid)
    renameSync(draft, file)
    return file
  } catch {
    rmSync(draft, { force: true })
    return undefined
  }
}

/**
 * Bundles the program `entry` and returns the path of the bundle; `undefined` where that is not possible (a program
 * outside the checkout, a checkout that cannot be written, a program that does not compile): a loader does it then.
 */
export async function bundle(entry: string): Promise<string | undefined> {
  if (!isInCheckout(entry)) return undefined
  try {
    return (await bundleOrErrors(entry)).file
  } catch {
    return undefined
  }
}

/**
 * The same, but also returns the errors of a text that does not compile, a line each as `file:line:column: message`. A
 * bundle that is up to date is not made again.
 */
export async function bundleOrErrors(entry: string): Promise<{ readonly file?: string; readonly errors?: string }> {
  const cached = cachedBundle(entry)
  if (cached) return { file: cached }
  try {
    const text = await compile(entry)
    const file = isInCheckout(entry) ? keep(entry, text) : undefined
    return file === undefined ? {} : { file }
  } catch (error) {
    return { errors: describeBuildFailure(error) }
  }
}

/** The errors in a text as lines, from what {@link compile} threw. @throws anything else that was thrown */
export function describeBuildFailure(error: unknown): string {
  const { errors } = error as Partial<import('esbuild').BuildFailure>
  if (!errors) throw error
  const place = ({ location }: import('esbuild').Message) =>
    location && `${join(ROOT, location.file)}:${location.line}:${location.column + 1}: `
  return errors.map(message => `${place(message) ?? ''}${message.text}`).join('\n')
}

/**
 * As {@link bundle}, but does not return before it is done: a program that waited with `await` at its top level could
 * not be imported by CommonJS.
 */
export function bundleSync(entry: string): string | undefined {
  if (!isInCheckout(entry) || !canKeepBundles()) return undefined
  // Loaded here, because every program imports this file, and few make a bundle.
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const main = join(import.meta.dirname, 'bundle-main.ts')
  const compiled = cachedBundle(main)
  const loader =
    'typescript' in process.features && process.features.typescript
      ? []
      : ['--import', createRequire(import.meta.url).resolve('tsx')]
  spawnSync(process.execPath, compiled ? [compiled, entry] : [...loader, main, entry], { stdio: 'ignore' })
  return cachedBundle(entry)
}
