/**
 * Who has handed in what: one folder a student, or single files that are named after the student.
 */
import { type Dirent, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { UsageError } from '../../lib/errors.ts'
import { LABS, type Lab } from '../../lib/lab/manifest.ts'
import { harmlessLine } from '../judge/sanitize.ts'
import { isProject } from '../ready/folder.ts'
import { labNamed, studentNamed } from '../ready/names.ts'

/** What one student has handed in for one lab. */
export interface Submission {
  readonly student: string
  readonly lab: Lab
  /** What is copied into the sandbox: the student's folder, or the one file. */
  readonly source: string
  /** The program, relative to the folder of submissions. */
  readonly program?: string
  /** Why there is nothing to judge, for the student. */
  readonly problem?: string
}

/** Files that a folder of work may contain and that are no program of a lab. */
const BESIDE =
  /^(README|LICENSE|Makefile|package(-lock)?\.json|tsconfig\.json)|\.(md|txt|h|o|json|pdf|log|csv|png|zip)$/i
/** What editors and file systems leave beside a file. */
const BACKUP = /^#.*#$|~$|\.(bak|orig|old|rej|swp|swo|tmp)$|^(Thumbs\.db|desktop\.ini)$/i
/** Folders that programs make and no student. */
const MADE = /^(__MACOSX|node_modules|__pycache__|lost\+found)$/

/** Why an entry of the folder of submissions, or of a student's, is neither a student nor a program. */
function whyBeside(entry: Dirent): string | undefined {
  const { name } = entry
  if (name.startsWith('.')) return 'hidden'
  if (entry.isDirectory()) return MADE.test(name) ? 'made by a program and not by a student' : undefined
  if (BACKUP.test(name)) return 'a backup'
  return BESIDE.test(name) ? 'no program' : undefined
}

/** Whether an entry can be a program of a lab, or at the top a student. */
const isCandidate = (entry: Dirent) => whyBeside(entry) === undefined

/** How the problem of a student begins who has handed in nothing. */
export const NOTHING = 'nothing was handed in'

const byName = <T extends { readonly name: string }>(one: T, other: T) => (one.name < other.name ? -1 : 1)

function entriesOf(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true }).sort(byName)
}

/** What is wrong with something that should be a program, as far as its kind tells. */
function wrongKind(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return 'it is not there'
  if (found.isSymbolicLink()) return 'it is a symbolic link: hand in the file itself'
  if (found.isDirectory())
    return isProject(path) ? undefined : 'it is a folder, not a program (nor is there a Makefile or package.json in it)'
  if (!found.isFile()) return 'it is no file but a pipe, a socket or a device'
  return found.size === 0 ? 'the file is empty' : undefined
}

/**
 * Leaves out what was compiled from a C program beside it: the source counts, because the program is from another
 * machine.
 */
function choose(names: readonly string[]): string[] {
  const sources = names.filter(name => name.endsWith('.c'))
  const stems = new Set(sources.map(name => name.slice(0, -2)))
  return names.filter(
    name => !stems.has(extname(name) ? name.slice(0, -extname(name).length) : name) || /\.c$/.test(name),
  )
}

/** Whether the Makefile of a folder has a word that names a lab. */
function makefileNames(folder: string, lab: Lab): boolean {
  try {
    return readFileSync(join(folder, 'Makefile'), 'utf8')
      .split(/[^\w.-]+/)
      .some(word => labNamed(word) === lab)
  } catch {
    // ENOENT
    return false
  }
}

interface Place {
  readonly root: string
  readonly student: string
}

function inFolder({ root, student }: Place, lab: Lab, isOnlyLab: boolean): Submission {
  const source = join(root, student)
  const head = { student, lab, source }
  let entries: Dirent[]
  try {
    entries = entriesOf(source).filter(isCandidate)
  } catch (error) {
    return { ...head, problem: `the folder cannot be read (${(error as NodeJS.ErrnoException).code})` }
  }
  const named = choose(entries.filter(({ name }) => labNamed(name) === lab).map(({ name }) => name))
  // Where only one lab is asked for and there is only one program, its name does not matter.
  const loose = entries.filter(entry => !entry.isDirectory() && labNamed(entry.name) === undefined)
  const found = named.length === 0 && isOnlyLab ? choose(loose.map(({ name }) => name)) : named
  const [name, ...more] = found
  if (name === undefined && isProject(source) && (isOnlyLab || makefileNames(source, lab)))
    return { ...head, program: student }
  if (name === undefined)
    return { ...head, problem: `${NOTHING}: no file is named after it (lab${lab.number}, ${lab.slug})` }
  const program = join(student, name)
  if (more.length > 0) {
    const names = found.map(one => JSON.stringify(harmlessLine(one))).join(' and ')
    return { ...head, problem: `which of them is it? ${names}` }
  }
  const problem = wrongKind(join(root, program))
  return problem === undefined ? { ...head, program } : { ...head, program, problem }
}

function singleFile(root: string, name: string, lab: Lab): Submission {
  const source = join(root, name)
  const problem = wrongKind(source)
  const head = { student: studentNamed(name), lab, source, program: name }
  return problem === undefined ? head : { ...head, problem }
}

/** The labs for which at least one student has handed something in. */
function labsIn(root: string, entries: readonly Dirent[]): Lab[] {
  const names = entries.flatMap(entry => {
    try {
      if (!entry.isDirectory()) return [entry.name]
      return entriesOf(join(root, entry.name))
        .filter(isCandidate)
        .map(({ name }) => name)
    } catch {
      return []
    }
  })
  const found = new Set(names.map(labNamed))
  return LABS.filter(lab => found.has(lab))
}

/** What in the folder of submissions is no student, and why: nothing is dropped without a word. */
export const leftOut = (root: string): { readonly name: string; readonly why: string }[] =>
  entriesOf(root).flatMap(entry => {
    const why = whyBeside(entry)
    return why === undefined ? [] : [{ name: entry.name, why }]
  })

/**
 * Everything that there is to judge, in the order of names and labs. A student who lacks a lab that others have handed in
 * is listed with that lab.
 * @param root the folder of submissions
 * @param only the one lab that it is about
 * @param roster the names of all who should have handed in; whoever is not there is listed with every lab
 * @throws UsageError when there is nothing
 */
export function findSubmissions(root: string, only: Lab | undefined, roster: readonly string[] = []): Submission[] {
  const entries = entriesOf(root).filter(isCandidate)
  const labs = only ? [only] : labsIn(root, entries)
  if (entries.length === 0) throw new UsageError(`nobody has handed in anything: ${root} is empty`)
  if (labs.length === 0)
    throw new UsageError(`no file in ${root} is named after a lab\nhint: say which lab it is: --lab lab3`)
  const files = entries.filter(entry => !entry.isDirectory())
  const folders = entries.filter(entry => entry.isDirectory())
  const ofFiles = files.flatMap(({ name }) => {
    const lab = only ?? labNamed(name)
    if (lab) return only && labNamed(name) && labNamed(name) !== only ? [] : [singleFile(root, name, lab)]
    const problem = 'its name does not say which lab it is, and neither does --lab'
    return labs.map(each => ({
      student: studentNamed(name),
      lab: each,
      source: join(root, name),
      program: name,
      problem,
    }))
  })
  const ofFolders = folders.flatMap(({ name }) => labs.map(lab => inFolder({ root, student: name }, lab, only === lab)))
  const there = new Set([...ofFolders, ...ofFiles].map(({ student }) => student))
  const absent = roster
    .filter(student => !there.has(student))
    .flatMap(student => labs.map(lab => ({ student, lab, source: join(root, student), problem: NOTHING })))
  return refuseTwice([...ofFolders, ...ofFiles, ...absent]).sort((one, other) =>
    one.student === other.student ? one.lab.number - other.lab.number : one.student < other.student ? -1 : 1,
  )
}

/** Refuses two files of one student for one lab, because it is unknown which of them counts. */
function refuseTwice(all: readonly Submission[]): Submission[] {
  const key = ({ student, lab }: Submission) => `${lab.number} ${student}`
  const groups = groupBy(all, key)
  return [...groups.values()].map(group => {
    const [first] = group as [Submission]
    if (group.length === 1) return first
    const names = group.map(({ program, source }) => JSON.stringify(harmlessLine(program ?? source))).join(' and ')
    return { student: first.student, lab: first.lab, source: first.source, problem: `which of them is it? ${names}` }
  })
}

function groupBy<T>(all: readonly T[], key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) groups.set(key(one), [...(groups.get(key(one)) ?? []), one])
  return groups
}
