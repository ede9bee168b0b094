/**
 * `npm run check [lab] [program]`: reads the command line, then becomes the Node that checks (run.ts).
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { bundle, cachedBundle } from '../lib/bundle.ts'
import { CLONEABLE_FLAGS } from '../lib/cloneable.ts'
import { EXIT, UsageError } from '../lib/errors.ts'
import { execve } from '../lib/exec.ts'
import { choice, flag, helpLines, parseKnobs, seconds } from '../lib/knobs.ts'
import { ensure, fail } from '../lib/lab.ts'
import { findLab, LABS, type Lab } from '../lib/manifest.ts'
import { ROOT } from '../lib/root.ts'
import { commandFor } from './command.ts'

const REPORTERS = ['spec', 'tap', 'junit', 'dot'] as const

const KNOBS = {
  timeout: seconds(20, 'how long a program may take'),
  reporter: choice(REPORTERS, undefined, `another view: ${REPORTERS.join(', ')}`),
  output: flag('shows what the programs print'),
}

const HELP = [
  'Usage: sudo npm run check                          every lab',
  '       sudo npm run check lab3                     one lab',
  '       sudo npm run check lab3 path/to/program     any executable, or TypeScript',
  '       sudo npm run check lab3 -- --timeout 5      options go behind --',
  '',
  'Options, with what they are otherwise in brackets:',
]

/** What this machine lacks for a lab's program. Somebody else's may do without tools, but not without a controller. */
function lacking({ number, needs }: Lab, isOwn: boolean): { cannot?: string } {
  try {
    ensure(isOwn ? needs : needs.filter(need => need === 'memory' || need === 'freezer'), `lab ${number}`, '')
    return {}
  } catch (error) {
    return { cannot: (error as Error).message }
  }
}

async function readCommandLine() {
  const { values, help, words } = parseKnobs(KNOBS, process.argv.slice(2), 'any')
  if (help) {
    console.log([...HELP, ...helpLines(KNOBS)].join('\n'))
    process.exit(EXIT.HOLDS)
  }
  const [name, program, ...more] = words
  if (more.length > 0)
    throw new UsageError(
      `too many words: ${more.join(' ')}\nhint: options go behind --, as in npm run check lab3 -- --timeout 5`,
    )
  const labs = name === undefined ? LABS : [findLab(name)]
  const assignments = labs.map(async lab => {
    if (program !== undefined) return { slug: lab.slug, command: await commandFor(program), ...lacking(lab, false) }
    const command = await commandFor(join(ROOT, 'labs', `${lab.slug}.ts`))
    return { slug: lab.slug, command, ...lacking(lab, true) }
  })
  return { ...values, assignments: await Promise.all(assignments) }
}

try {
  const job = await readCommandLine()
  ensure(['root'], 'the sandbox of a check', `npm run check ${process.argv.slice(2).join(' ')}`.trim())
  const compile = async (name: string) => {
    const file = join(import.meta.dirname, name)
    return cachedBundle(file) ?? (await bundle(file)) ?? file
  }
  const [run, people] = [await compile('run.ts'), await compile('people.ts')]
  const loader = run.endsWith('.ts')
    ? ['--import', createRequire(import.meta.url).resolve('tsx')]
    : ['--enable-source-maps']
  const reporter = [`--test-reporter=${job.reporter ?? people}`, '--test-reporter-destination=stdout']
  execve(process.execPath, ['node', ...CLONEABLE_FLAGS, ...loader, ...reporter, run, JSON.stringify(job)])
} catch (error) {
  fail(error)
}
