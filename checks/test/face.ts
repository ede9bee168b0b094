/**
 * Program: writes the list of all that lib/ exports into lib/README.md, from the sources and their docstrings. Without it
 * a test compares the two.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../../lib/machine/root.ts'

const README = join(ROOT, 'lib', 'README.md')
const HEADING = '## Every export'
/** The order of the rooms, as the table at the top of the README has it. */
const ROOMS = ['.', 'rights', 'mount', 'net', 'group', 'io', 'trace', 'lab', 'tidy', 'engine', 'machine']

/** One thing that a file exports. */
export interface Exported {
  readonly name: string
  readonly isConstant: boolean
  /** The first sentence of its docstring. */
  readonly sentence: string
}

/** The first sentence of a comment, on one line. */
function firstSentence(comment: string): string {
  const text = comment
    .replace(/^\s*\* ?/gm, '')
    .replace(/\{@link ([\w.]+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim()
  const [before = ''] = text.split(/ @\w+/)
  return (/^.*?\.(?= [A-Z`(]|$)/.exec(before)?.[0] ?? before).replace(/[.:]$/, '')
}

/** What a source exports, in the order in which it stands there. */
export function exportsOf(source: string): Exported[] {
  const declared =
    /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:\/\/[^\n]*\n)*)?^export (?:declare )?(?:async )?(function\*?|class|interface|type|const) (\w+)/gm
  const found = Array.from(source.matchAll(declared), ([, comment = '', kind, name = '']) => ({
    name,
    isConstant: kind === 'const' && /^[A-Z_]/.test(name),
    sentence: firstSentence(comment),
  }))
  const passedOn = Array.from(source.matchAll(/^export \{([^}]+)\}/gm), ([, names = '']) => names.split(','))
  const others = passedOn.flat().map(name => ({ name: name.trim(), isConstant: false, sentence: '' }))
  return [...found, ...others.filter(({ name }) => name)]
}

/** What the file says of itself, above its imports. */
const topic = (source: string) => firstSentence(/^\/\*\*([\s\S]*?)\*\//.exec(source)?.[1] ?? '')

/** The names of `lib/index.ts`, and of which files it takes all. */
function face(): { readonly names: Set<string>; readonly files: Set<string> } {
  const index = readFileSync(join(ROOT, 'lib/index.ts'), 'utf8')
  const files = Array.from(index.matchAll(/^export \* from '\.\/(.+)'/gm), ([, file = '']) => file)
  const names = Array.from(index.matchAll(/^export \{([^}]+)\} from '\.\/(.+)'/gm), ([, list = '', file]) =>
    list.split(',').map(name => `${file} ${name.trim().replace(/^type /, '')}`),
  )
  return { names: new Set(names.flat()), files: new Set(files) }
}

/** The TypeScript of lib/ that is no test, index or program. */
export function libraryFiles(): string[] {
  const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'lib'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  return tracked
    .split('\n')
    .filter(file => /\.ts$/.test(file) && !/\.(test|d)\.ts$|^lib\/(testing\/|index\.ts$)/.test(file))
    .map(file => file.replace(/^lib\//, ''))
    .sort()
}

/** The lines of one file: a heading, its functions and types, and its constants in one. */
function linesOf(file: string): string[] {
  const { names, files } = face()
  const source = readFileSync(join(ROOT, 'lib', file), 'utf8')
  const all = exportsOf(source).filter(({ name }) => name !== '')
  if (all.length === 0) return []
  const show = (name: string) => (files.has(file) || names.has(`${file} ${name}`) ? `**\`${name}\`**` : `\`${name}\``)
  const named = all.filter(({ isConstant }) => !isConstant)
  const constants = all.filter(({ isConstant }) => isConstant)
  return [
    '',
    `**[${file}](${file})**: ${topic(source)}`,
    '',
    ...named.map(({ name, sentence }) => `- ${show(name)}${sentence ? `: ${sentence}` : ', passed on'}`),
    ...(constants.length > 0 ? [`- constants: ${constants.map(({ name }) => show(name)).join(', ')}`] : []),
  ]
}

/** The whole section, from its heading to the end of the page. */
export function exportList(): string {
  const files = libraryFiles()
  const sections = ROOMS.flatMap(room => {
    const lines = files.filter(file => dirname(file) === room).flatMap(linesOf)
    return lines.length > 0
      ? ['', `### ${room === '.' ? 'clone and what a lab does first' : `${room}/`}`, ...lines]
      : []
  })
  return [
    HEADING,
    '',
    "What is **bold** is for readers' own programs: `import { clone } from 'containers-from-clone'`, anywhere inside the checkout ([index.ts](index.ts)). The rest is there for labs, checks and commands, and changes with them. The list is made from the docstrings: `node --import tsx checks/test/face.ts` renews it.",
    ...sections,
    '',
  ].join('\n')
}

/** The section as the README has it. */
export function writtenList(): string {
  const text = readFileSync(README, 'utf8')
  return text.slice(text.indexOf(HEADING))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const text = readFileSync(README, 'utf8')
  const end = text.includes(HEADING) ? text.indexOf(HEADING) : text.length
  writeFileSync(README, `${text.slice(0, end).trimEnd()}\n\n${exportList()}`)
}
