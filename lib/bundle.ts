/**
 * One JavaScript file from a TypeScript program, kept until one of its sources changes. It lets the process that
 * replaces this one start without a loader: sooner, and without the loader's thread.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chownSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { ROOT } from './root.ts'

const FOLDER = join(ROOT, 'node_modules', '.cache', 'clone')
const MARK = '// built from '

function stamp(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat ? `${stat.mtimeMs}:${stat.size}` : 'gone'
}

function bundlePath(entry: string): string {
  const hash = createHash('sha256').update(entry).digest('hex').slice(0, 8)
  return join(FOLDER, `${basename(entry).replace(/\.\w+$/, '')}-${hash}.mjs`)
}

/** The finished bundle of `entry`, if there is one and no source has changed since. */
export function cachedBundle(entry: string): string | undefined {
  try {
    const file = bundlePath(entry)
    const text = readFileSync(file, 'utf8')
    const inputs = JSON.parse(text.slice(MARK.length, text.indexOf('\n'))) as Record<string, string>
    return Object.entries(inputs).every(([path, was]) => stamp(path) === was) ? file : undefined
  } catch {
    return undefined
  }
}

/** `import.meta` of each source keeps meaning the source, not the bundle. */
function keepImportMeta(esbuild: typeof import('esbuild')): import('esbuild').Plugin {
  return {
    name: 'keep-import-meta',
    setup: build =>
      build.onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
        const transformed = await esbuild.transform(readFileSync(path, 'utf8'), {
          loader: /ts$/.test(path) ? 'ts' : 'js',
          sourcemap: 'inline',
          sourcefile: path,
          target: 'node20',
          define: {
            'import.meta.url': JSON.stringify(`file://${path}`),
            'import.meta.filename': JSON.stringify(path),
            'import.meta.dirname': JSON.stringify(path.slice(0, path.lastIndexOf('/'))),
          },
        })
        return { contents: transformed.code, loader: 'js' }
      }),
  }
}

async function compile(entry: string): Promise<string> {
  const esbuild = await import('esbuild')
  const result = await esbuild.build({
    entryPoints: [entry],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    metafile: true,
    write: false,
    outdir: FOLDER,
    absWorkingDir: ROOT,
    logLevel: 'silent',
    plugins: [keepImportMeta(esbuild)],
    banner: { js: `process.argv[1] = ${JSON.stringify(entry)}` },
  })
  const inputs = Object.keys(result.metafile.inputs).map(path => join(ROOT, path))
  const stamps = Object.fromEntries([...inputs, join(ROOT, 'package-lock.json')].map(path => [path, stamp(path)]))
  return `${MARK}${JSON.stringify(stamps)}\n${result.outputFiles[0]?.text}`
}

function isInCheckout(entry: string): boolean {
  return entry.startsWith(`${ROOT}/`) && !entry.includes('/node_modules/')
}

/**
 * Bundles the program `entry` and returns the path of the bundle; `undefined` where that is not possible (a program
 * outside the checkout, a checkout that cannot be written, a program that does not compile): a loader does it then.
 */
export async function bundle(entry: string): Promise<string | undefined> {
  if (!isInCheckout(entry)) return undefined
  const file = bundlePath(entry)
  const draft = `${file}.${process.pid}`
  try {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(draft, await compile(entry))
    const owner = statSync(ROOT)
    if (process.getuid?.() === 0) for (const path of [FOLDER, draft]) chownSync(path, owner.uid, owner.gid)
    renameSync(draft, file)
    return file
  } catch {
    rmSync(draft, { force: true })
    return undefined
  }
}

/**
 * As {@link bundle}, but does not return before it is done: a program that waited with `await` at its top level could
 * not be imported by CommonJS.
 */
export function bundleSync(entry: string): string | undefined {
  if (!isInCheckout(entry)) return undefined
  const main = join(import.meta.dirname, 'bundle-main.ts')
  const compiled = cachedBundle(main)
  const loader =
    'typescript' in process.features && process.features.typescript
      ? []
      : ['--import', createRequire(import.meta.url).resolve('tsx')]
  spawnSync(process.execPath, compiled ? [compiled, entry] : [...loader, main, entry], { stdio: 'ignore' })
  return cachedBundle(entry)
}
