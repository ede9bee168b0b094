/**
 * Has the right and wrong programs judged in a place of the matrix, from outside of it.
 */
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '../../../lib/machine/root.ts'
import { bundleDesk } from '../../ready/desk.ts'
import { commandFor } from '../../ready/ready.ts'
import { buildSpecimen } from '../../testing/programs.ts'
import type { Asked, Result, Where } from './judge-all.ts'
import { Known } from './known.ts'
import { SPECIMENS, type Specimen } from './table.ts'

/** Which of the programs are asked for. */
export interface Choice {
  /** Numbers of labs, in the order in which they are judged; all of them without it. */
  readonly labs: readonly number[] | undefined
  /** A word that their paths have in them. */
  readonly those: string | undefined
  /** A file with what is known from earlier runs, which goes on with what comes of this one. */
  readonly known: string | undefined
}

/** What came of the programs of one place. */
export interface ProgramsProof {
  /** `undefined` where nothing was left to be judged. */
  readonly where: Where | undefined
  readonly results: readonly Result[]
}

function chosen({ labs, those = '' }: Choice): readonly Specimen[] {
  const found = SPECIMENS.filter(({ path }) => path.includes(those))
  const numberOf = ({ slug }: Specimen) => Number(slug.slice(0, 2))
  return labs?.flatMap(number => found.filter(specimen => numberOf(specimen) === number)) ?? found
}

/** Compiles what is to be compiled here, because a guest takes twenty times as long, in a folder that it can read. */
async function build(specimens: readonly Specimen[]): Promise<readonly Asked[]> {
  const desk = specimens.some(({ path }) => path.endsWith('.c')) ? bundleDesk() : ''
  if (desk === undefined) throw new Error(`no folder can be made in ${ROOT} for programs that are compiled`)
  const asked: Asked[] = []
  for (const { path, slug } of specimens) {
    const folder = join(desk, dirname(path))
    if (path.endsWith('.c')) mkdirSync(folder, { recursive: true })
    asked.push({ path, program: buildSpecimen(path, folder) })
    // Its bundle is kept, and found in the guest.
    if (path.endsWith('.ts')) await commandFor(join(ROOT, 'checks', path), slug)
  }
  return asked
}

const MARKS = { 'as named': '✔', unclear: '?', otherwise: '✘' } as const

/** A program's line, for whoever waits. */
export const lineOf = ({ kind, path, about, seconds }: Result): string =>
  `${MARKS[kind]} ${path} (${seconds.toFixed(1)} s)${about && `: ${about}`}`

/**
 * Has those programs judged that are asked for and not known yet. A line of each is printed as soon as it is known.
 * @param run starts the program of a place (`judge-all.ts`) with an input, and passes on each line that it prints
 */
export async function judgeInPlace(
  place: string,
  choice: Choice,
  run: (input: string, tell: (line: string) => void) => Promise<void>,
): Promise<ProgramsProof> {
  const known = new Known(place, choice.known)
  const left = chosen(choice).filter(({ path }) => !known.isAsNamed(path))
  if (left.length === 0) return { where: undefined, results: known.results() }
  const asked = await build(left)
  let [where, told]: [Where | undefined, number] = [undefined, 0]
  await run(asked.map(one => `${JSON.stringify(one)}\n`).join(''), line => {
    const found = JSON.parse(line) as Where | Result
    if (!('path' in found)) {
      where = found
      return
    }
    known.add(found)
    told += 1
    console.log(`  ${told}/${left.length} ${lineOf(found)}`)
  })
  return { where, results: known.results() }
}

/** What the table of the matrix says of them. */
export function programsCell(results: readonly Result[]): string {
  const count = (is: (result: Result) => boolean) => results.filter(is).length
  const good = (folder: string) => count(({ kind, path }) => kind === 'as named' && path.includes(`/${folder}/`))
  const rest = [
    [count(({ kind }) => kind === 'unclear'), '?'],
    [count(({ kind }) => kind === 'otherwise'), '✘'],
    [SPECIMENS.length - results.length, 'not tried'],
  ]
  const marks = rest.filter(([number]) => number !== 0).map(words => words.join(' '))
  return [`${good('right')} right, ${good('wrong')} wrong`, ...marks].join(', ')
}
