/**
 * The exercises against the labs themselves: a copy fails in the claim of its open task, and a copy with all regions
 * put back is the lab.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import test, { after } from 'node:test'
import { bundlePath } from '../../lib/engine/bundle-cache.mjs'
import { LABS } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { draftPrefix } from '../../lib/tidy/drafts.ts'
import { checkedLab } from '../labs/all.ts'
import { EVERY_LAB } from '../labs/claim.ts'
import { blankLab, numberOf, openTaskNumbers, putBack, regionLines } from '../labs/tasks.ts'
import { commandFor } from '../ready/ready.ts'
import { withTask } from '../report/name-task.ts'
import { labReport } from '../report/report.ts'
import { judgePatiently, titlesOnly } from '../testing/programs.ts'
import { standing } from './mine/evidence.ts'
import { hintsFor } from './mine/hints.ts'

const TIMEOUT = 30
/** Beside mine/, so that the imports of a copy lead where they should. */
const folder = mkdtempSync(draftPrefix(join(ROOT, '.mine.')))
const written: string[] = []
after(() => {
  rmSync(folder, { recursive: true })
  for (const path of written) rmSync(bundlePath(path), { force: true })
})

const labOf = (slug: string) => readFileSync(join(ROOT, 'labs', `${slug}.ts`), 'utf8')
const exercisesOf = (slug: string) => checkedLab(slug).exercises

/** Writes a copy with these tasks open. */
function write(name: string, slug: string, isBlank: (place: number) => boolean): string {
  const path = join(folder, `${slug}.${name}.ts`)
  writeFileSync(path, blankLab(labOf(slug), slug, exercisesOf(slug), isBlank))
  written.push(path)
  return path
}

/** Writes the lab with a mistake in it. */
function writeMistake(slug: string, region: string, code: string): string {
  const path = join(folder, `${slug}.wrong-${region}.ts`)
  const lab = labOf(slug)
  writeFileSync(
    path,
    lab.replace((regionLines(lab, region) ?? []).join('\n'), () => code),
  )
  written.push(path)
  return path
}

const CASES = LABS.flatMap(({ slug }) => [
  { slug, place: 0, path: write('all', slug, () => true), isAlone: false },
  ...exercisesOf(slug).map(({ region }, place) => ({
    slug,
    place,
    path: write(region, slug, each => each === place),
    isAlone: true,
  })),
])

/** Mistakes that learners make, in place of one region, and the hint that has to come first for each. */
const MISTAKES: readonly (readonly [slug: string, region: string, code: string, hint: RegExp])[] = [
  ['01-fork-vs-clone', 'changes', '  closeSync(file)', /stays where it is/],
  ['02-newpid', 'others-end', '  second.mayGoOn.open()\n  waitpid(second.pid)', /had not waited for it/],
  ['03-newnet', 'own-network', 'const pid = clone(child, SIGCHLD)', /lives in your own network/],
  ['03-newnet', 'lay-the-pair', 'await $`ip link add veth0 type veth`', /name is taken here/],
  [
    '03-newnet',
    'outer-address',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the reader writes the template.
    'await $`ip address add ${outerAddress} dev ${veth}`\nawait $`ip link set ${veth} up`',
    /a \/32: so nobody else/,
  ],
  ['03-newnet', 'ping', "  return show('ping', '-c', '3', '-i', '0.2', innerAddress)", /Not one request crossed/],
  ['04-newns', 'new-root', '  chroot(root)', /stands outside of it/],
  ['05-memory-oom', 'limit', 'group.limitMemory(20 * 1024 * 1024)', /mebibytes/],
  ['06-freezer', 'work', '    sleep(1)', /hardly ever woke/],
]

test('every lab has three to six exercises, each a region of its own that a claim of its checker proves', () => {
  for (const { slug } of LABS) {
    const exercises = exercisesOf(slug)
    assert.ok(exercises.length >= 3 && exercises.length <= 6, slug)
    const titles = [...checkedLab(slug).claims, ...EVERY_LAB].map(({ title }) => title)
    for (const { region, claim, stopsAt, hints } of exercises) {
      assert.ok(regionLines(labOf(slug), region), `${slug} has no region ${region}`)
      assert.ok(titles.includes(claim) && titles.includes(stopsAt ?? claim), `${slug}#${region}`)
      assert.ok(hints.length >= 3, `${slug}#${region}`)
    }
  }
})

test('with its regions put back a copy is the lab, byte for byte', () => {
  for (const { slug, path } of CASES) {
    const copy = readFileSync(path, 'utf8')
    assert.notEqual(openTaskNumbers(copy).length, 0)
    const regions = exercisesOf(slug).map(({ region }) => region)
    assert.equal(putBack(copy, labOf(slug), slug, regions), labOf(slug))
  }
})

test('a copy type-checks under the rules of the labs, whatever is blanked', () => {
  const settings = join(folder, 'tsconfig.json')
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false }
  writeFileSync(settings, JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include: ['*.ts'] }))
  const { status, stdout } = spawnSync(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-p', folder], { encoding: 'utf8' })
  assert.deepEqual([stdout, status], ['', 0])
})

test('a task that is open makes the check fail in its own claim first, and is named there', {
  concurrency: 4,
}, async suite => {
  await Promise.all(
    CASES.map(({ slug, place, path, isAlone }) =>
      suite.test(basename(path), async () => {
        const assignment = { slug, source: path, command: await commandFor(path) }
        const verdict = withTask(assignment, await judgePatiently(assignment, TIMEOUT))
        assert.equal(verdict.kind, 'judged')
        const open = verdict.kind === 'judged' ? verdict.findings.filter(one => one.failure ?? one.unjudged) : []
        const { claim, stopsAt, task } = exercisesOf(slug)[place] ?? {}
        const shown = open.map(({ title, failure }) => `${title}\n  seen: ${failure?.seen}`)
        assert.equal(titlesOnly(shown)[0], (isAlone && stopsAt) || claim, JSON.stringify(verdict, null, 1))
        assert.equal(open[0]?.task, `${numberOf(slug, place)} ${task}`)
        assert.equal(verdict.kind === 'judged' && verdict.seconds < 20, true)
      }),
    ),
  )
})

test('a mistake gets the hint that is for it', { concurrency: 4 }, async suite => {
  await Promise.all(
    MISTAKES.map(([slug, region, code, hint]) => {
      const path = writeMistake(slug, region, code)
      return suite.test(basename(path), async () => {
        const assignment = { slug, source: path, command: await commandFor(path) }
        const verdict = withTask(assignment, await judgePatiently(assignment, TIMEOUT))
        const report = labReport(slug, path, verdict)
        const at = standing(slug, readFileSync(path, 'utf8'), report)
        assert.equal(at.current?.exercise.region, region, JSON.stringify(report, null, 1))
        assert.match(hintsFor(at, report)[0] ?? '', hint, JSON.stringify(report, null, 1))
      })
    }),
  )
})
