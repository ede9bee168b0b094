/**
 * Compiles a program into one text of JavaScript. It is JavaScript itself, so that the program which makes bundles can
 * be compiled without a loader: tsx cannot read files below a folder with a ? in its name.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FOLDER, stamp } from './bundle-cache.mjs'

const ROOT = dirname(dirname(import.meta.dirname))
const CHALK = join(ROOT, 'node_modules', 'chalk', 'source', 'index.js')

/** What replaces each property of `import.meta`: a constant that every source declares for itself. */
const IMPORT_META = {
  url: '__import_meta_url',
  filename: '__import_meta_filename',
  dirname: '__import_meta_dirname',
  main: '__import_meta_main',
}

/**
 * `import.meta` of each source still means the source and not the bundle. No line is moved, so stack traces stay
 * correct.
 */
const keepImportMeta = (stamps, entry, placeOf) => ({
  name: 'keep-import-meta',
  setup: build =>
    build.onLoad({ filter: /\.[cm]?[jt]s$/ }, ({ path }) => {
      // Before it is read: whoever saves the file meanwhile makes the bundle out of date, and not the stamp.
      stamps.set(path, stamp(path))
      const place = placeOf(path)
      const values = { url: pathToFileURL(place).href, filename: place, dirname: dirname(place), main: path === entry }
      const source = readFileSync(path, 'utf8').replace(/^#!/, '//')
      const constants = Object.keys(IMPORT_META).filter(name => source.includes(`import.meta.${name}`))
      const head = constants.map(name => `const ${IMPORT_META[name]} = ${JSON.stringify(values[name])}; `)
      return { contents: head.join('') + source, loader: /ts$/.test(path) ? 'ts' : 'js' }
    }),
})

/** The text of a module that exports `value` and those of its properties that somebody imports. */
function reExport(value, names) {
  // What nobody imports esbuild leaves out, because the call that would fetch it is marked as pure.
  const fetch = names.map(name => `var $${name} = /* @__PURE__ */ of(${JSON.stringify(name)})`)
  const list = names.map(name => `$${name} as ${name}`)
  return [`var all = ${value}`, 'var of = name => all[name]', ...fetch, `export { all as default, ${list} }`].join('\n')
}

/**
 * Built-in modules are taken one export at a time. An import makes Node fetch all that a module exports, also what it
 * makes only when it is asked for: node:fs would load all streams. And koffi is taken as `require` takes it, in half the
 * files.
 */
const takeLittle = {
  name: 'take-little',
  setup: build => {
    const namespace = 'little'
    build.onResolve({ filter: /^(node:.+|koffi)$/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace, sideEffects: false } : undefined,
    )
    build.onResolve({ filter: /^chalk$/ }, () => ({ path: CHALK }))
    build.onLoad({ filter: /^node:/, namespace }, ({ path }) => {
      const builtin = process.getBuiltinModule(path)
      if (!builtin) return { errors: [{ text: `there is no ${path} in Node ${process.versions.node}` }] }
      const names = Object.keys(builtin).filter(name => /^[A-Za-z_]\w*$/.test(name) && name !== 'default')
      return { contents: reExport(`process.getBuiltinModule(${JSON.stringify(path)})`, names) }
    })
    build.onLoad({ filter: /^koffi$/, namespace }, () => {
      const place = JSON.stringify(join(ROOT, 'package.json'))
      return { contents: reExport(`process.getBuiltinModule('node:module').createRequire(${place})('koffi')`, []) }
    })
  },
}

export async function compileWith(entry, plugins, { format = 'esm', placeOf = path => path, define = {} } = {}) {
  const esbuild = await import('esbuild')
  const stamps = new Map()
  const result = await esbuild.build({
    // Relative, where it can be: in the path of a program esbuild takes a * for a pattern.
    entryPoints: [entry.startsWith(`${ROOT}/`) ? `.${entry.slice(ROOT.length)}` : entry],
    bundle: true,
    packages: 'external',
    // The package's own name means this checkout; it could not be resolved from the cache, where the bundle is.
    alias: { 'containers-from-clone': join(ROOT, 'lib/index.ts') },
    platform: 'node',
    format,
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    metafile: true,
    write: false,
    outdir: FOLDER,
    absWorkingDir: ROOT,
    logLevel: 'silent',
    plugins: [...plugins, takeLittle, keepImportMeta(stamps, entry, placeOf)],
    define: {
      ...Object.fromEntries(Object.entries(IMPORT_META).map(([name, constant]) => [`import.meta.${name}`, constant])),
      ...define,
    },
    banner: { js: `process.argv[1] = ${JSON.stringify(placeOf(entry))};` },
  })
  const sources = Object.keys(result.metafile.inputs).flatMap(path => (/^little:/.test(path) ? [] : join(ROOT, path)))
  return { text: result.outputFiles[0].text, stamps: sources.map(path => [path, stamps.get(path) ?? stamp(path)]) }
}
