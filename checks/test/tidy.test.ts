/**
 * The rules for folders and files: what may import what, how many entries a folder has, and that no file is unused.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import test from 'node:test'
import { LABS } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'

/**
 * The folders of the code, in the order of imports: a file imports from its own folder and from folders further down,
 * and from nowhere else. `lib` itself is not in the list: the files directly in it are for the readers of labs; they
 * import from some of the folders below `lib` and are imported by others.
 */
const ORDER = [
  '.',
  'book/press',
  'book/press/site',
  'book/press/recording',
  'book/press/source',
  'labs',
  'buildroot/vm',
  'buildroot',
  'checks/test',
  'checks',
  'checks/start',
  'checks/trials',
  'checks/trials/programs',
  'checks/bench',
  'checks/learn',
  'checks/learn/pages',
  'checks/learn/mine',
  'checks/watch',
  'checks/grade',
  'checks/doctor',
  'checks/doctor/find',
  'checks/doctor/observe',
  'checks/clean',
  'checks/testing',
  'checks/report',
  'checks/report/story',
  'checks/ready',
  'checks/judge',
  'checks/labs/NN',
  'checks/labs',
  'checks/witnesses/layers',
  'checks/witnesses/freezing',
  'checks/witnesses/rights',
  'checks/witnesses',
  'checks/witnesses/group',
  'checks/witnesses/shell',
  'checks/witnesses/telling',
  'checks/witnesses/net',
  'checks/observer',
  'checks/observer/story',
  'checks/sandbox',
  'lib/testing',
  'lib/lab',
  'lib/group',
  'lib/engine',
  'lib/tidy',
  'lib/rights',
  'lib/mount',
  'lib/net/talk',
  'lib/net/nat',
  'lib/net/rtnetlink',
  'lib/net',
  'lib/trace',
  'lib/machine',
  'native',
]
/** What each top folder may import from: `lib`, lib itself from `native`, and these from nothing else. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  labs: ['lib'],
  checks: ['lib'],
  book: ['lib'],
  buildroot: ['lib'],
  lib: ['native'],
  native: [],
}
const MOST_ENTRIES = 20
const MOST_LINES = 250
/** The files that may be longer, each with the reason. */
const LONGER: Readonly<Record<string, string>> = {
  'checks/labs/06-freezer/claims.ts': 'the story of one freeze, and five claims about it',
  'checks/learn/session.ts': 'every key on every page, as one table',
  'checks/observer/story/event.ts': 'every kind of event of every lab, as one type',
}
/** Of a lab, beside the marks of its regions: it is read from top to bottom, at one sitting. */
const MOST_LAB_LINES = 120
const LONGER_LABS: Readonly<Record<string, string>> = {
  'labs/09-bridge.ts': 'four networks and what goes between them, of which none can be left out',
}
/** Programs that are tried, quoted or started as data, and pictures: as many as there are, and each in a table of its own. */
const IS_DATA = /(^|\/)(right|wrong|hostile|fixtures|pictures|assets|guest|external)\/|^book\/programs\//
const IS_TEST = /\.test\.ts$|\/testing(\/|\.ts$)/
const IS_CODE = /\.(ts|mjs|cjs)$/

const git = ['-c', `safe.directory=${ROOT}`, 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
const tracked = execFileSync('git', git, { cwd: ROOT, encoding: 'utf8' }).split('\0').filter(Boolean)
const FILES = tracked.filter(file => existsSync(join(ROOT, file)))
const SOURCES = FILES.filter(file => IS_CODE.test(file) && !/\.d\.m?ts$/.test(file) && !IS_DATA.test(file))
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

/** The files of the project that a file imports. An import of every lab's folder is one of each. */
function imports(file: string): string[] {
  const found = read(file).matchAll(/(?:^(?:import|export|\}).* from |^import |\bimport\()(['`])(\.[^'`]+)\1/gm)
  return [...found].flatMap(([, , specifier = '']) => {
    const target = relative(ROOT, resolve(ROOT, dirname(file), specifier))
    if (!target.includes('${')) return [target]
    const pattern = new RegExp(`^${target.replace(/[.]/g, '\\.').replace(/\$\{\w+\}/g, '[^/]+')}$`)
    return FILES.filter(each => pattern.test(each))
  })
}

const roomOf = (file: string) => file.split('/')[0] as string
/** The folder of a file; the folders of all labs count as one. */
const folderOf = (file: string) => dirname(file).replace(/^checks\/labs\/\d\d-.*$/, 'checks/labs/NN')

test('every folder of code has its place in the order', () => {
  const folders = new Set(SOURCES.filter(file => !IS_TEST.test(file)).map(folderOf))
  const known = new Set([...ORDER, 'lib'])
  assert.deepEqual(
    [...folders].filter(folder => !known.has(folder)),
    [],
  )
})

test('top folders import from lib, lib from native, and folders only from those below them', () => {
  const wrong = SOURCES.filter(file => !IS_TEST.test(file)).flatMap(file => {
    const from = folderOf(file)
    return imports(file)
      .filter(target => {
        const to = folderOf(target)
        if (from === to) return false
        if (roomOf(file) !== roomOf(target)) return !ROOMS[roomOf(file)]?.includes(roomOf(target))
        // The list of all labs has to import every lab's folder.
        if (file === 'checks/labs/all.ts') return false
        if (from === 'lib' || to === 'lib') return false
        return ORDER.indexOf(to) < ORDER.indexOf(from)
      })
      .map(target => `${file} imports ${target}`)
  })
  assert.deepEqual(wrong, [])
})

test('no import goes in a circle', () => {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), [...path, file].join(' -> '))
    if (done.has(file)) return
    if (existsSync(join(ROOT, file)) && IS_CODE.test(file)) for (const to of imports(file)) visit(to, [...path, file])
    done.add(file)
  }
  for (const file of SOURCES) visit(file, [])
})

/** What lies in each folder beside tests and programs: files and folders. */
function entries(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const file of FILES.filter(each => !IS_TEST.test(each) && !IS_DATA.test(each))) {
    const parts = file.split('/')
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/')
      found.set(folder, (found.get(folder) ?? new Set()).add(parts[depth] as string))
    }
  }
  return found
}

test(`no folder has more than ${MOST_ENTRIES} entries beside tests and programs`, () => {
  const full = [...entries()].filter(([, names]) => names.size > MOST_ENTRIES)
  assert.deepEqual(
    full.map(([folder, names]) => `${folder}: ${names.size}`),
    [],
  )
})

test('every folder of code says in a README what it is, in few lines', () => {
  const folders = new Set(SOURCES.map(dirname).filter(folder => folder !== '.' && !/^checks\/labs\/\d\d-/.test(folder)))
  const missing = [...folders].filter(folder => !existsSync(join(ROOT, folder, 'README.md')))
  assert.deepEqual(missing, [])
})

test('no link of a README is dead', () => {
  const isReadme = (file: string) => basename(file) === 'README.md' && file !== 'book/README.md'
  const dead = FILES.filter(isReadme).flatMap(file => {
    const text = read(file)
      .replace(/^ *(`{3,})[\s\S]*?^ *\1$/gm, '')
      .replace(/`[^`\n]*`/g, '')
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[\w-]+)?\)/g)].map(match => match[1] as string)
    const isThere = (link: string) => /^https?:/.test(link) || existsSync(join(ROOT, dirname(file), link))
    return links.filter(link => !isThere(link)).map(link => `${file}: ${link}`)
  })
  assert.deepEqual(dead, [])
})

test('each file of the checkout exists whose path is put together by join(ROOT, …)', () => {
  const wrong = FILES.filter(file => /\.(ts|mjs)$/.test(file)).flatMap(file => {
    const paths = [...read(file).matchAll(/\bjoin\(ROOT((?:, '[\w.-]+')+)\)/g)].map(([, words = '']) =>
      [...words.matchAll(/'([^']+)'/g)].map(match => match[1]).join('/'),
    )
    return paths.filter(path => IS_CODE.test(path) && !existsSync(join(ROOT, path))).map(path => `${file}: ${path}`)
  })
  assert.deepEqual(wrong, [])
})

test('no file is unused: each is imported or started, or is named where it is used', () => {
  const imported = new Set(FILES.filter(file => IS_CODE.test(file)).flatMap(imports))
  const texts = FILES.filter(file => /\.(ts|mjs|cjs|json|sh|md)$|^\.ci\/run$|^labs\/run$/.test(file))
  const said = new Map(texts.map(file => [file, read(file)]))
  const isNamed = (file: string) => {
    // A program is started by its path, or by its name beside the one that starts it.
    const names = [file, `'${basename(file)}'`, `/${basename(file)}`, `${basename(file)} `]
    return [...said].some(([other, text]) => other !== file && names.some(name => text.includes(name)))
  }
  const idle = SOURCES.filter(file => !/\.test\.ts$/.test(file) && !imported.has(file) && !isNamed(file))
  assert.deepEqual(idle, [])
})

test(`a file of more than ${MOST_LINES} lines is named with its reason`, () => {
  const long = SOURCES.filter(file => !/\.test\.ts$/.test(file) && read(file).split('\n').length - 1 > MOST_LINES)
  assert.deepEqual(
    long.filter(file => LONGER[file] === undefined),
    [],
  )
  const short = Object.keys(LONGER).filter(file => !long.includes(file))
  assert.deepEqual(short, [], 'named, and not that long any more')
})

test(`a lab has at most ${MOST_LAB_LINES} lines, or is named with its reason`, () => {
  const long = FILES.filter(file => /^labs\/\d\d-.*\.ts$/.test(file)).filter(file => {
    // The marks are for the book and the exercises, and an editor folds by them.
    const lines = read(file)
      .split('\n')
      .filter(line => !/^\s*\/\/ #(end)?region /.test(line))
    return lines.length - 1 > MOST_LAB_LINES
  })
  assert.deepEqual(long, Object.keys(LONGER_LABS))
})

test('the man pages of a lab are the same in its header and in the manifest', () => {
  for (const { slug, manPages } of LABS) {
    const header = /^ \* Man pages: (.*?)\. Needs /m.exec(read(`labs/${slug}.ts`))?.[1]
    assert.equal(header, manPages.join(', '), slug)
  }
})

test('no empty line stands between the comment at the head of a file and its first import', () => {
  const headed = /^(#!.*\n)?\/\*\*\n( \*.*\n)*? \*\/\n\n+import\b/
  assert.deepEqual(
    FILES.filter(file => IS_CODE.test(file) && headed.test(read(file))),
    [],
  )
})

test('every test file is one that npm test finds', () => {
  const rooms = Object.keys(ROOMS)
  assert.deepEqual(
    FILES.filter(file => /\.test\.ts$/.test(file) && !rooms.includes(roomOf(file))),
    [],
  )
})
