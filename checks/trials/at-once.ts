/**
 * Many `npm run check` at the same time: whether all hold, what they share, and how long they take.
 */
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename } from 'node:path'
import { EXIT } from '../../lib/errors.ts'
import { groupOwner, groupsNamed, ownName } from '../../lib/group/cgroup.ts'
import { statusField } from '../../lib/trace/proc.ts'
import { run } from '../bench/workshop.ts'
import { compareCensus, takeCensus } from '../judge/census.ts'

/** The result. */
export interface AtOnce {
  readonly checks: number
  /** Seconds that one takes alone. */
  readonly one: number
  /** Seconds until the last of all has ended. */
  readonly all: number
  /** Names of sandboxes' groups that were seen, and how many there are if none is shared. */
  readonly names: number
  readonly namesExpected: number
  /** What does not hold, as sentences. */
  readonly failures: readonly string[]
}

const COMMAND = ['npm', 'run', '--silent', 'check']
const SAMPLE_MS = 100
/** How the names of a judge's groups begin; the judge's PID comes next. */
const OF_CHECKS = ownName('check', 0).replace(/\.0(@.*)?$/, '.')

const isOfCheck = (name: string) => name.startsWith(OF_CHECKS)

/** Whatever is on the machine that a check could have left, but for groups: interfaces, mounts, files. */
function census(): ReadonlySet<string> {
  const files = readdirSync(tmpdir()).filter(name => /^check-/.test(name) || isOfCheck(name))
  return new Set([...takeCensus(), ...files.map(name => `file ${name}`)])
}

/** Whether a process is a descendant of this one. */
function isOurs(pid: number): boolean {
  for (let each = pid; each > 1; each = Number(statusField(each, 'PPid') ?? 0)) if (each === process.pid) return true
  return false
}

/**
 * Runs that many checks at once.
 * @param expected the exit code of each
 * @returns the seconds, the names of all their groups, what did not hold
 */
async function together(count: number, expected: number) {
  const names = new Set<string>()
  const look = () => {
    const unknown = groupsNamed(isOfCheck)
      .map(path => basename(path))
      .filter(name => !names.has(name))
    for (const name of unknown) if (isOurs(groupOwner(name)?.pid ?? 0)) names.add(name)
  }
  const timer = setInterval(look, SAMPLE_MS)
  const from = performance.now()
  const runs = await Promise.all(Array.from({ length: count }, () => run(COMMAND)))
  const seconds = (performance.now() - from) / 1000
  clearInterval(timer)
  const failed = runs.filter(({ code }) => code !== expected)
  const failures = [
    ...failed.map(({ code, stdout, stderr }) => `a check ended with ${code}\n${stdout}${stderr}`),
    ...groupsNamed(name => names.has(name)).map(path => `${path} is still there`),
  ]
  return { seconds, names: names.size, failures }
}

/** Runs `npm run check` once alone and then many times at once. The machine should have nothing else to do. */
export async function checkAtOnce(checks: number): Promise<AtOnce> {
  // Compiles what is not compiled yet.
  const { code } = await run(COMMAND)
  // What this machine cannot judge alone it cannot judge sixteen times.
  const expected = code === EXIT.CANNOT ? EXIT.CANNOT : EXIT.HOLDS
  const before = census()
  const alone = await together(1, expected)
  const all = await together(checks, expected)
  const changes = compareCensus(before, census())
  return {
    checks,
    one: alone.seconds,
    all: all.seconds,
    names: all.names,
    namesExpected: alone.names * checks,
    failures: [...alone.failures, ...all.failures, ...changes],
  }
}
