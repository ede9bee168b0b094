/**
 * A program in TypeScript or JavaScript, as one file for Node. It runs as if it stood where its source does: its
 * `import.meta`, `process.argv[1]`, `__filename` and `require.main` mean the source and not the bundle.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { bundleOrErrors, compile, describeBuildFailure, isInCheckout } from '../../lib/engine/bundle.ts'
import { CLONEABLE_FLAGS } from '../../lib/engine/cloneable.ts'
import { ROOT } from '../../lib/machine/root.ts'
import type { Command } from '../sandbox/sandbox.ts'
import { standAlone } from './stand-alone.ts'

/** Whether a file is a program for this Node. */
export const isForNode = (path: string): boolean => /\.[cm]?[jt]s$/.test(path)

type Format = 'esm' | 'cjs'

/** Code without comments and the texts of strings, roughly: enough to tell which words are code. */
const codeOf = (source: string) =>
  source
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")
    .replace(/(^|[^:])\/\/.*$/gm, '$1')

/** Whether a source can only be an ES module. */
const isModule = (source: string) =>
  /^\s*(?:import\s*(?:[\w{*$]|'')|export\b)|\bimport\.meta\b/m.test(
    codeOf(source).replace(/^\s*import\s+\w+\s*=/gm, ''),
  )

/** What the nearest package.json says, up to a folder. */
function typeByPackage(folder: string, top: string): Format | undefined {
  try {
    const { type } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: unknown }
    return type === 'module' ? 'esm' : type === 'commonjs' ? 'cjs' : undefined
  } catch {
    // ENOENT, or it is no JSON: then it says nothing.
    return folder === top || dirname(folder) === folder ? undefined : typeByPackage(dirname(folder), top)
  }
}

/**
 * How Node would read a source, and, where it tries both, how else: by its name, by its package, and else by its text.
 * @param top the folder above which no package.json counts
 */
function formatsOf(file: string, top: string): readonly Format[] {
  if (/\.m[jt]s$/.test(file)) return ['esm']
  if (/\.c[jt]s$/.test(file)) return ['cjs']
  const named = typeByPackage(dirname(file), top)
  if (named === 'esm' || isModule(readFileSync(file, 'utf8'))) return ['esm']
  // An await at its top makes a module of a text that has nothing else of one.
  return ['cjs', 'esm']
}

/** The constants that a CommonJS source has of its own. */
function commonHead(source: string, place: string, isEntry: boolean): string {
  const declares = (name: string) => new RegExp(`\\b(?:const|let|var)\\b[^=;]*\\b${name}\\b`).test(source)
  const names = { __filename: place, __dirname: dirname(place) }
  const constants = Object.entries(names)
    .filter(([name]) => source.includes(name) && !declares(name))
    .map(([name, value]) => `var ${name} = ${JSON.stringify(value)}; `)
  if (!/\brequire\.main\b/.test(source)) return constants.join('')
  const main = isEntry ? `(module.filename = ${JSON.stringify(place)}, module)` : '{}'
  return `${constants.join('')}var __require_main = ${main}; `
}

/** A plugin of esbuild: what CommonJS knows of itself is still so in a bundle. No line is moved. */
const keepCommonJs = (entry: string, placeOf: (path: string) => string): import('esbuild').Plugin => ({
  name: 'keep-commonjs',
  setup: build =>
    build.onLoad({ filter: /\.[cm]?[jt]s$/ }, ({ path }) => {
      if (path.startsWith(`${ROOT}/lib/`) || /\.m[jt]s$/.test(path)) return undefined
      const source = readFileSync(path, 'utf8').replace(/^#!/, '//')
      if (isModule(source) && !/\.c[jt]s$/.test(path)) return undefined
      const contents = commonHead(source, placeOf(path), path === entry) + source
      return { contents, loader: /ts$/.test(path) ? 'ts' : 'js' }
    }),
})

/** What a module lacks and tsx gives it all the same: a `require` for what comes with Node. */
const withRequire = (text: string, place: string) =>
  text.includes('Dynamic require of "')
    ? `globalThis.require ??= process.getBuiltinModule('module').createRequire(${JSON.stringify(place)}); ${text}`
    : text

/** Where a program's files are, and where they will be when it runs. */
export interface Place {
  /** Its own folder, if it is a submission: nothing outside of it may be imported. */
  readonly folder?: string
  readonly placeOf: (path: string) => string
}

/** The bundle of a program, or what is wrong with its text. */
type Compiled = { readonly text: string; readonly format: Format } | { readonly errors: string }

async function compileAs(file: string, format: Format, { folder, placeOf }: Place): Promise<Compiled> {
  const plugins = [standAlone(folder), keepCommonJs(file, placeOf)]
  const define = { 'require.main': '__require_main' }
  try {
    const text = await compile(file, plugins, { format, placeOf, ...(format === 'cjs' && { define }) })
    return { text: format === 'esm' ? withRequire(text, placeOf(file)) : text, format }
  } catch (error) {
    return { errors: describeBuildFailure(error) }
  }
}

async function compileSomehow(file: string, place: Place): Promise<Compiled> {
  const [first = 'esm', second] = formatsOf(file, place.folder ?? '/')
  const found = await compileAs(file, first, place)
  if (!('errors' in found) || second === undefined) return found
  const other = await compileAs(file, second, place)
  return 'errors' in other ? found : other
}

/** A Node that can be cloned, and what it runs. */
const nodeWith = (...words: readonly string[]): Command => [process.execPath, ...CLONEABLE_FLAGS, ...words]

/** How the bundle of a program in `folder` is started. */
export const startBundle = (file: string): Command => nodeWith('--enable-source-maps', file)

/**
 * Compiles a program.
 * @param desk where its bundle goes
 * @returns the file's path, or the errors of its text, a line each
 */
export async function bundleInto(
  file: string,
  place: Place,
  desk: string,
): Promise<{ readonly file: string } | { readonly errors: string }> {
  const compiled = await compileSomehow(file, place)
  if ('errors' in compiled) return compiled
  const bundle = join(desk, compiled.format === 'cjs' ? 'program.cjs' : 'program.mjs')
  writeFileSync(bundle, compiled.text)
  return { file: bundle }
}

/** Whether the bundle of a program is kept for the next time: one of this checkout, and an ES module. */
const isKept = (file: string) => isInCheckout(file) && formatsOf(file, ROOT)[0] === 'esm'

/**
 * How a program is started where it stands.
 * @param desk makes a folder for its bundle, below which the packages of this checkout are found; nothing, where none
 *   can be made: then a loader does it
 */
export async function nodeCommand(
  file: string,
  desk: () => string | undefined,
): Promise<{ readonly command: Command } | { readonly errors: string }> {
  if (isKept(file)) {
    const { file: kept, errors } = await bundleOrErrors(file)
    if (errors !== undefined) return { errors }
    if (kept !== undefined) return { command: startBundle(kept) }
  }
  const folder = desk()
  if (folder !== undefined) {
    const made = await bundleInto(file, { placeOf: path => path }, folder)
    return 'errors' in made ? made : { command: startBundle(made.file) }
  }
  const tsx = createRequire(import.meta.url).resolve('tsx')
  return { command: nodeWith('--import', tsx, file) }
}
