/**
 * `npm run book`: builds the book and serves it on this machine; `build`, `quote`, `record` and `read` are its commands.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { EXIT, UsageError } from '../../lib/errors.ts'
import { choice, flag, helpLines, type Knob, type Knobs, parseKnobs, path, type Values } from '../../lib/lab/knobs.ts'
import { runTool } from '../../lib/lab/lab.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { showChapter } from './read.ts'
import { serve } from './site/serve.ts'
import { readBook, writeSite } from './site/site.ts'
import { fillContents } from './source/contents.ts'
import { findChapter, present } from './source/order.ts'
import { describeProblem, type Problem } from './source/problem.ts'
import { quoteInto, regionReader } from './source/quote.ts'

const BOOK = join(ROOT, 'book')
const fileOf = (name: string) => relative(ROOT, join(BOOK, `${name}.md`))

/** Prints what is wrong; the exit code tells, too. */
function report(problems: readonly Problem[]): void {
  for (const problem of problems) console.error(describeProblem(problem))
  if (problems.length > 0) process.exitCode = EXIT.FAILS
}

/** The chapters that were named, or all there are. */
function chosen(names: readonly string[]): string[] {
  const there = present(BOOK).map(({ name }) => name)
  const wanted = names.length === 0 ? there : names.map(name => findChapter(name).name)
  const missing = wanted.find(name => !there.includes(name))
  if (missing) throw new UsageError(`${fileOf(missing)} does not exist yet`)
  return wanted.map(fileOf)
}

function quote(): void {
  const regionsIn = regionReader(ROOT)
  const problems: Problem[] = []
  for (const file of chosen([])) {
    const path = join(ROOT, file)
    const before = readFileSync(path, 'utf8')
    const { text, changed, problems: found } = quoteInto(file, before, regionsIn)
    problems.push(...found)
    const filled = fillContents(text)
    if (filled === before) continue
    writeFileSync(path, filled)
    if (filled !== text) console.log(`${file}: the list of labs brought in step`)
    if (changed.length > 0)
      console.log(`${file}: ${changed.length} quotation${changed.length > 1 ? 's' : ''} brought in step`)
  }
  report(problems)
}

/** A port of TCP. */
function portNumber(help: string): Knob<number | undefined> {
  const parse = (text: string) => (/^\d{1,5}$/.test(text) && Number(text) < 65536 ? Number(text) : undefined)
  return { initial: undefined, help, expected: 'a number from 0 to 65535', placeholder: 'PORT', parse }
}

const OUT = path('DIR', 'where the site goes (book/site)')
const BUILD = { out: OUT }
const SERVE = { out: OUT, port: portNumber('the port, on 127.0.0.1; without it one that is free') }

/** Builds the site, and prints the result. @returns its folder */
function build(out: string | undefined): string {
  const began = performance.now()
  const folder = out === undefined ? join(BOOK, 'site') : resolve(process.env['INIT_CWD'] ?? '.', out)
  const book = readBook(ROOT)
  writeSite(ROOT, folder, book)
  report(book.problems)
  const seconds = ((performance.now() - began) / 1000).toFixed(2)
  console.log(`${book.chapters.length} chapters in ${folder}, ${seconds} s, ${book.problems.length} problems`)
  return folder
}

/** Builds the site, and serves it until a signal ends the program. */
async function buildAndServe({ out, port }: Values<typeof SERVE>): Promise<void> {
  const { address } = await serve(build(out), port)
  process.once('SIGINT', () => process.exit(EXIT.HOLDS))
  console.log(`The book is at ${address} until you press Ctrl-C.`)
}

/** A kernel that `npm run vm` is asked for. */
function kernelVersion(help: string): Knob<string | undefined> {
  const parse = (text: string) => (/^\d+(?:\.\d+)*$/.test(text) ? text : undefined)
  return { initial: undefined, help, expected: 'a version, such as 6.1', placeholder: 'VERSION', parse }
}

const GROUPS = ['v1', 'v2', 'hybrid'] as const
const RECORD = {
  check: flag('runs the sessions again and compares; writes nothing'),
  guest: choice(GROUPS, undefined, 'in the virtual machine, with such control groups: records those that are of it'),
  kernel: kernelVersion('with --guest: its kernel, such as 6.1'),
  alone: flag('with --check: one session at a time, for a slow machine'),
  print: choice(GROUPS, undefined, 'prints those that are of such control groups, for --guest; writes nothing'),
}

async function record(knobs: Values<typeof RECORD>, names: readonly string[]): Promise<void> {
  const { check, print, kernel, alone } = knobs
  const guest = knobs.guest && { groups: knobs.guest, kernel }
  if (kernel && !guest) throw new UsageError('--kernel is of a guest\nhint: name its control groups, as in --guest v2')
  // Imported only for this command: it uses clone(), for which Node has to be started again with other flags.
  const { checkRecordings, takeRecordings, writeReel } = await import('./recording/record.ts')
  const { checkInGuest, printReel, recordInGuest } = await import('./recording/guest.ts')
  const files = chosen(names)
  const tell = (line: string) => console.log(line)
  if (print) {
    printReel(takeRecordings(ROOT, files, console.error, print))
    return
  }
  if (check && guest) {
    process.exitCode = await checkInGuest(ROOT, guest, names)
    return
  }
  const take = () => (guest ? recordInGuest(ROOT, guest, names) : takeRecordings(ROOT, files, tell))
  const { problems, skipped, count } = check
    ? checkRecordings(ROOT, files, tell, alone ? 1 : undefined)
    : writeReel(ROOT, files, await take())
  for (const line of skipped) console.log(line)
  report(problems)
  console.log(`${count} sessions ${check ? 'compared' : 'run'}, ${problems.length} problems`)
}

const HELP = [
  'Usage: npm run book                            builds the book and serves it on this machine',
  '       npm run book -- build [--out DIR]       only builds it',
  '       npm run book -- read lab3               shows a chapter in the terminal',
  '       npm run book -- quote                   brings the quoted code in step with the labs',
  '       npm run book -- record [chapter]        runs the sessions anew and writes them down',
  '       npm run book -- record --guest v2       runs those of another machine in the virtual one',
  '       npm run book -- record --check          runs them anew and compares',
  '       npm run book -- record --check --guest v2 --kernel 6.1   compares them with what happens there',
]

/** Parses the options of one command; its --help ends the program. */
function options<K extends Knobs>(knobs: K, args: readonly string[], words: 'none' | 'any') {
  const parsed = parseKnobs(knobs, args, words)
  if (!parsed.help) return parsed
  console.log([...HELP, '', 'Options:', ...helpLines(knobs)].join('\n'))
  process.exit(EXIT.HOLDS)
}

async function main([command, ...rest]: readonly string[]): Promise<void> {
  if (command === 'quote') {
    options({}, rest, 'none')
    quote()
  } else if (command === 'record') {
    const { values, words } = options(RECORD, rest, 'any')
    await record(values, words)
  } else if (command === 'build') build(options(BUILD, rest, 'none').values.out)
  else if (command === 'read') {
    const { words } = options({}, rest, 'any')
    await showChapter(ROOT, chosen([words[0] ?? 'README']), words.slice(1))
  } else if (command === undefined || command.startsWith('-')) {
    await buildAndServe(options(SERVE, command === undefined ? [] : [command, ...rest], 'none').values)
  } else throw new UsageError(`unknown command ${command}\nhint: --help lists the commands`)
}

await runTool(() => main(process.argv.slice(2)))
