/**
 * Builds the C shim: at `npm ci`, and again on first use when the result is missing or older than its source.
 */
import { accessSync, chownSync, constants, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { shimName } from './libc-name.mjs'
import { ownTag } from './tag.ts'

const SOURCES = ['clone.c', 'exec.c', 'guest.c', 'lock.c', 'quiet.c', 'shim.h']
// `-z now`: with lazy binding every child would look up the same symbols again.
const FLAGS = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-Wl,-z,now']

/** What this machine lacks for building, with the remedy. Any other error is one of the compiler or of the sources. */
export class CannotBuild extends Error {
  override readonly name = 'CannotBuild'
}

/** EXIT.FAULT and EXIT.CANNOT of lib/errors.ts, which cannot be imported before there is a shim. */
export const exitCodeOfBuild = (error: unknown): number => (error instanceof CannotBuild ? 77 : 70)

function mtime(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** The compilers to try: `CC` alone if it is set. */
export function compilers(): string[] {
  return process.env['CC'] ? [process.env['CC']] : ['cc', 'gcc', 'clang']
}

/**
 * Compiles the sources in `folder` with the first of the compilers that is there.
 * @throws Error with what the compiler says
 */
export function compile(folder: string, output: string, candidates: readonly string[] = compilers()): void {
  // Loaded here, because every program imports this file, and nearly none compiles.
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const inputs = SOURCES.filter(name => name.endsWith('.c')).map(name => join(folder, name))
  for (const compiler of candidates) {
    const run = spawnSync(compiler, [...FLAGS, '-o', output, ...inputs], { encoding: 'utf8' })
    if (run.status === 0) return
    if (run.error && (run.error as NodeJS.ErrnoException).code === 'ENOENT') continue
    throw new Error(
      `${compiler} could not compile native/: ${run.stderr || run.error?.message || `it said nothing (exit code ${run.status})`}`,
    )
  }
  throw new CannotBuild(
    `no C compiler found (tried ${candidates.join(', ')}), and native/ has to be built\n` +
      'hint: npm run setup installs one with the package manager of this machine; or set CC',
  )
}

/**
 * Builds the shim from the sources in `folder` if it is missing or older than they are. What root builds in the
 * checkout of another user belongs to that user. Two builds at once do not disturb each other: each renames its own
 * file into place.
 * @param name the library's, by default that of this Node; for another one, `candidates` are compilers for that
 * @returns the path of the shared library
 * @throws Error without a compiler, or when the folder cannot be written
 */
export function buildShim(folder: string, name: string = shimName(), candidates?: readonly string[]): string {
  const target = join(folder, 'build')
  const library = join(target, name)
  if (mtime(library) >= Math.max(...SOURCES.map(name => mtime(join(folder, name))))) return library
  const draft = `${library}.${ownTag()}`
  try {
    // This distinguishes a folder that cannot be written from a source that cannot be compiled.
    accessSync(folder, constants.W_OK)
    mkdirSync(target, { recursive: true })
    writeFileSync(draft, '')
    compile(folder, draft, candidates)
    const owner = statSync(folder)
    if (process.getuid?.() === 0) for (const path of [target, draft]) chownSync(path, owner.uid, owner.gid)
    renameSync(draft, library)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EROFS' && code !== 'EACCES') throw error
    throw new CannotBuild(
      `native/ has to be built, but ${target} cannot be written (${code})\nhint: run npm ci in a copy that can be written`,
    )
  } finally {
    rmSync(draft, { force: true })
  }
  return library
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log(`built ${buildShim(import.meta.dirname)}`)
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = exitCodeOfBuild(error)
  }
}
