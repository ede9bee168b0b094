/**
 * Code in the book is quoted: a block whose info is `ts 03-newnet#child` holds that region of the lab, and
 * `c native/clone.c#shim` that of any other file of the checkout.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Fence, fences, refill } from './fences.ts'
import type { Problem } from './problem.ts'
import { type Regions, regionsOf } from './regions.ts'

/** What a block quotes. */
export interface Quotation {
  /** The file, relative to the checkout. */
  readonly source: string
  readonly region: string
}

/** What a block quotes; `undefined` for a block that quotes nothing. */
export function quotationOf({ info }: Pick<Fence, 'info'>): Quotation | undefined {
  const [, name, region] = /^\w+\s+([\w./-]+)#([\w-]+)$/.exec(info) ?? []
  if (name === undefined || region === undefined) return undefined
  return { source: name.includes('/') ? name : `labs/${name}.ts`, region }
}

/** The regions of files of one checkout, each read once. */
export function regionReader(root: string): (source: string) => Regions | undefined {
  const read = new Map<string, Regions | undefined>()
  return source => {
    const path = join(root, source)
    if (!read.has(source)) read.set(source, existsSync(path) ? regionsOf(readFileSync(path, 'utf8')) : undefined)
    return read.get(source)
  }
}

/** The lines that a block has to hold. @returns them, or what is wrong with the quotation */
function quoted(
  { source, region }: Quotation,
  regions: Regions | undefined,
): readonly string[] | Omit<Problem, 'file'> {
  if (!regions) return { what: `it quotes ${source}, which does not exist`, hint: 'name a lab as its file in labs/' }
  const named = regions.regions.filter(({ name }) => name === region)
  const [first, second] = named
  if (!first) {
    const known = regions.regions.map(({ name }) => name).join(', ') || 'none'
    return { what: `${source} has no region ${region}`, hint: `its regions: ${known}` }
  }
  if (!second) return first.lines
  const where = `lines ${first.line} and ${second.line}`
  return { what: `${source} has two regions ${region}, at ${where}`, hint: 'give one of them another name' }
}

/** What is to be quoted in a chapter. */
export interface Quoting {
  /** The chapter with every quotation as the source has it. */
  readonly text: string
  /** What cannot be quoted. */
  readonly problems: readonly Problem[]
  /** The lines of the opening fences of quotations that differed from their sources. */
  readonly changed: readonly number[]
  readonly quotations: readonly Quotation[]
}

/** Fills in the quotations of a chapter from their sources. @param file how problems name the chapter */
export function quoteInto(file: string, text: string, regionsIn: (source: string) => Regions | undefined): Quoting {
  const problems: Problem[] = []
  const filled = new Map<number, readonly string[]>()
  const quotations: Quotation[] = []
  for (const fence of fences(text)) {
    const quotation = quotationOf(fence)
    if (!quotation) continue
    const result = quoted(quotation, regionsIn(quotation.source))
    if ('what' in result) {
      problems.push({ ...result, file, line: fence.line })
      continue
    }
    quotations.push(quotation)
    if (result.join('\n') !== fence.body.join('\n')) filled.set(fence.line, result)
  }
  return { text: refill(text, filled), problems, changed: [...filled.keys()], quotations }
}
