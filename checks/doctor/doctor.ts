/**
 * `npm run doctor`: what this machine can do for each lab, and for what it cannot do, the cause and the remedy. Started
 * by start.cjs and first-aid.mjs, which make sure that TypeScript can be loaded at all.
 */
import { EXIT } from '../../lib/errors.ts'
import { flag, helpLines, parseKnobs } from '../../lib/lab/knobs.ts'
import { runTool } from '../../lib/lab/lab.ts'
import { observe, observeAlone } from './observe/observe.ts'
import { show } from './show.ts'
import { type Diagnosed, diagnose, isPossible, type Row } from './table.ts'

/** Changes when a field changes its meaning or goes; new ones may come. */
const VERSION = 1

const KNOBS = {
  all: flag('shows also what is good'),
  json: flag('prints one JSON document, for programs'),
  facts: flag('prints what was observed, as JSON, and decides nothing'),
}

const HELP = [
  'Usage: npm run doctor               what this machine can do for each lab',
  '       npm run doctor -- --all      every probe',
  '',
  'It changes nothing: what has to be tried is tried in a child and goes with it.',
  '',
  'Options:',
]

/** Findings whose remedy `npm run setup` is. */
const PACKAGES = ['cc', 'ip', 'ping', 'nft', 'busybox']

/** The command to type next: the remedy that helps most, or a lab. */
function nextCommand({ findings, labs }: Diagnosed): string {
  const bad = findings.filter(({ state }) => state !== 'good')
  if (bad.some(({ id, state }) => PACKAGES.includes(id) && state === 'missing')) return 'npm run setup'
  const impossible = labs.find(row => !isPossible(row))
  const reason = bad.find(({ id }) => id === impossible?.ways.root.check.decidedBy)
  if (reason?.remedy) return reason.remedy.split('\n')[0] as string
  const isLost = ({ ways }: Row) => ways.root.run.answer === 'no' && ways.user.run.answer === 'no'
  return labs.every(isLost) ? 'npm run vm' : `npx tsx labs/${labs[0]?.slug}.ts`
}

function main(): void {
  const { values, help } = parseKnobs(KNOBS, process.argv.slice(2), 'none')
  if (help) {
    console.log([...HELP, ...helpLines(KNOBS)].join('\n'))
    return
  }
  if (values.facts) {
    console.log(JSON.stringify(observeAlone()))
    return
  }
  const facts = observe()
  const diagnosed = diagnose(facts)
  const next = nextCommand(diagnosed)
  const exitCode = diagnosed.labs.every(isPossible) ? EXIT.HOLDS : EXIT.CANNOT
  process.exitCode = exitCode
  if (!values.json) show(facts, diagnosed, next, values.all)
  else {
    const { distribution, kernel, arch, node, user, wsl, container } = facts
    const machine = { platform: 'linux', distribution, kernel, arch, node, user, wsl, container }
    console.log(JSON.stringify({ version: VERSION, machine, ...diagnosed, next, exitCode }, null, 2))
  }
}

await runTool(main)
