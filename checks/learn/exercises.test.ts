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
import { findLab, LABS } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { draftPrefix } from '../../lib/tidy/drafts.ts'
import { checkedLab } from '../labs/all.ts'
import { EVERY_LAB } from '../labs/claim.ts'
import type { Proof } from '../labs/exercise.ts'
import { blankLab, numberOf, openTaskNumbers, putBack, regionLines } from '../labs/tasks.ts'
import type { Observation } from '../observer/record.ts'
import { commandFor } from '../ready/ready.ts'
import { withTask } from '../report/name-task.ts'
import type { LabReport } from '../report/report.ts'
import { preferred } from '../testing/preferred.ts'
import { judgePatiently, titlesOnly } from '../testing/programs.ts'
import { attempt } from './attempt.ts'
import { standing } from './mine/evidence.ts'
import { hangOf, hintsFor } from './mine/hints.ts'

const TIMEOUT = 30
/**
 * Seconds for programs of which some do not end. One that only is slow, on a busy machine, gets the next of them: four
 * seconds are enough for whatever hangs to be seen hanging, and more time changes nothing of it.
 */
const HANGING = [4, 20, 60, 60] as const
/** The same for a loop that computes: with more time it would only take the processors from everybody for longer. */
const COMPUTING = [4, 4, 4, 4] as const
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
function writeMistake(slug: string, region: string, code: string, name: string): string {
  const path = join(folder, `${slug}.wrong-${region}${name && '-'}${name}.ts`)
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

// biome-ignore lint/suspicious/noTemplateCurlyInString: the reader writes the template.
const GIVE_OUTER = 'await $`ip address add ${outerAddress}/24 dev ${veth}`'
const ping = (...words: string[]) => `  const code = show(${words.join(', ')})`

/** Mistakes that learners make, in place of one region, and the hint that has to come first for each. */
const MISTAKES: readonly (readonly [slug: string, region: string, code: string, hint: RegExp, name?: string])[] = [
  ['01-fork-vs-clone', 'changes', '  closeSync(file)', /stays where it is/],
  ['01-fork-vs-clone', 'changes', "  process.chdir('/')", /closes nothing/, 'no-close'],
  ['01-fork-vs-clone', 'changes', '  while (true);', /a loop, such as while \(true\)/, 'while-true'],
  [
    '01-fork-vs-clone',
    'copy',
    "observe('fork()', () => frok(child))",
    /There is no frok .* Did you mean fork\?/,
    'typo',
  ],
  ['02-newpid', 'own-numbers', 'const pid = clone(child, SIGCHLD, getpid())', /has its number where you have yours/],
  ['02-newpid', 'kill-outside', '  tryToKill(undefined as never)', /outerParent is undefined in here: task 2\.1/],
  [
    '02-newpid',
    'kill-two',
    '  tryToKill(first.pid)\n  const end = { code: 0, signal: null, coreDumped: false }',
    /nobody waited for it/,
  ],
  ['02-newpid', 'others-end', '  second.mayGoOn.open()\n  waitpid(second.pid)', /had not waited for it/],
  ['03-newnet', 'own-network', 'const pid = clone(child, SIGCHLD)', /lives in your own network/],
  ['03-newnet', 'lay-the-pair', 'await $`ip link add veth0 type veth`', /name is taken here/],
  [
    '03-newnet',
    'lay-the-pair',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as above.
    'const nobody = undefined\nawait $`ip link add ${veth} type veth peer name ${peer} netns ${nobody}`',
    /A word of that command is "undefined"/,
    'undefined-pid',
  ],
  [
    '03-newnet',
    'outer-address',
    `${GIVE_OUTER.replace('/24', '')}\nawait $\`ip link set \${veth} up\``,
    /has 10\.0\.0\.3\/32/,
  ],
  ['03-newnet', 'outer-address', GIVE_OUTER, /set the outer one up|has its address and is down/, 'no-up'],
  ['03-newnet', 'open-the-gate', 'childHasSpoken.ends', /nobody has opened vethIsUp/],
  ['03-newnet', 'inner-address', "  setip(peer, innerAddress, '255.255.255.255')", /has 10\.0\.0\.4\/32/],
  [
    '03-newnet',
    'inner-address',
    "  setip(veth, outerAddress, '255.255.255.0')",
    /veth0 is the outer end, and it is not in here/,
    'outer-inside',
  ],
  ['03-newnet', 'ping', ping("'ping'", "'-c'", "'3'", "'-i'", "'0.2'", 'innerAddress'), /child's own address/],
  ['03-newnet', 'ping', ping("'ping'", "'-i'", "'0.2'", 'outerAddress'), /goes on for ever: -c 3/, 'endless'],
  [
    '03-newnet',
    'ping',
    ping("'ping'", "'-c'", "'3'", "'-i'", "'0.2'", "'-W'", "'1'", "'10.0.0.9'"),
    /to another address than 10\.0\.0\.3/,
    'wrong-address',
  ],
  ['03-newnet', 'ping', ping("'ping -c 3 10.0.0.3'"), /each of its arguments as words of their own/, 'one-string'],
  ['04-newns', 'private-mounts', "  mount('none', '/', null, MS_PRIVATE)", /MS_REC takes all those below it along/],
  ['04-newns', 'new-root', '  chroot(root)', /stands outside of it/],
  ['04-newns', 'own-proc', "  mount('proc', '/proc', 'procfs')", /called proc, and not procfs/],
  ['04-newns', 'inner-addresses', "  setip('veth1', innerAddress, '255.255.255.0')", /lo has not its address/],
  ['05-memory-oom', 'limit', 'group.limitMemory(20 * 1024 * 1024)', /mebibytes/],
  // So large that no C library gives it from memory that it has had before, and would have to fill with zeros.
  [
    '05-memory-oom',
    'take-memory',
    '    new ArrayBuffer(40 * knobs.step)',
    /ArrayBuffer is zeros that nobody has touched/,
  ],
  ['06-freezer', 'work', '    sleep(1)', /hardly ever woke/],
  ['06-freezer', 'freeze-it', "kill(pid, 'SIGSTOP')", /SIGSTOP stops one process/],
  [
    '07-userns',
    'map',
    'giveIdMaps(pid, chooseIdMaps({ first: 0, count: 65536 }))',
    /who is inside must be nobody to the system/,
  ],
  ['07-userns', 'become-root', '  becomeRoot()\n  isMapped.wait()', /wait at the gate before you become root/],
  ['07-userns', 'less', '  capset({ effective: 0n, permitted: 0n, inheritable: 0n })', /PR_CAPBSET_DROP/],
  ['07-userns', 'no-new-privs', '  if (other > 0) becomeUser(other, other)', /nothing was set/],
  ['06-freezer', 'the-end', "kill(pid, 'SIGKILL')\nwaitpid(pid)", /group was still there: group\.remove\(\)/],
  [
    '08-layers',
    'small-layer',
    "const small = { 'etc/hosts': 'x\\n', 'srv/index.html': 'hello\\n' }",
    /removes nothing/,
  ],
  [
    '08-layers',
    'pivot',
    "  process.chdir(newRoot)\n  M.chroot('.')\n  M.mount('proc', '/proc', 'proc')\n  closeDirectories()",
    /chroot\(2\) changes the root of the process alone/,
  ],
  [
    '08-layers',
    'pivot',
    "  process.chdir(newRoot)\n  M.pivotRoot('.', '.')\n  M.mount('proc', '/proc', 'proc')\n  process.chdir('/')\n  closeDirectories()",
    /The old root is still there/,
    'old-root',
  ],
  ['08-layers', 'escape', "  M.chroot('/srv')\n  process.chdir('/')\n  M.chroot('.')", /has to come while/],
  [
    '08-layers',
    'volumes',
    "  for (const name of ['data', 'config']) M.mount(name, newRoot + '/' + name, null, M.MS_BIND | M.MS_RDONLY)",
    /config can be written to/,
  ],
  [
    '08-layers',
    'propagation',
    "  for (const kind of ['shared', 'slave', 'private']) M.mount('media', newRoot + '/' + kind, null, M.MS_BIND)",
    /Read in what was seen/,
  ],
  ['09-bridge', 'ports', 'setMaster(cables[0], bridge)', /One cable is a port, and it takes two/],
  [
    '09-bridge',
    'default-route',
    "  for (const { two } of nets) addRoute('default', { gateway: two })",
    /goes by another address than that of the bridge/,
  ],
  [
    '09-bridge',
    'resolver',
    'const socket = openResolver(net.gateway)\nconst resolver = fork(() => serveNames(socket, { two: nets.map(each => each.two) }))',
    /and does not know the name/,
  ],
  [
    '09-bridge',
    'publish',
    'for (const each of nets)\n  firewall.publish({ address: each.outer, port: knobs.publish }, { address: each.one, port: knobs.publish })',
    /It came to a container, and there nobody listens/,
  ],
  ['09-bridge', 'publish', 'void firewall', /no rule says that it is for somebody else/, 'nothing'],
  [
    '01-fork-vs-clone',
    'changes',
    "  closeSync()\n  process.chdir('/')",
    /Something is undefined that a call was/,
    'nothing',
  ],
  [
    '01-fork-vs-clone',
    'share-directory',
    "observe('CLONE_FS', () => clone(child, CLONE_FS | CLONE_FILES | SIGCHLD))",
    /the directory and nothing else: CLONE_FS/,
  ],
  ['02-newpid', 'own-numbers', 'const pid = clone(child, CLONE_NEWPID, getpid())', /without SIGCHLD/, 'no-signal'],
  [
    '02-newpid',
    'three-children',
    '  const [first, second] = [startGrandchild(), startGrandchild()]\n  const third = second',
    /2 children and not three/,
    'two',
  ],
  ['02-newpid', 'kill-outside', "  kill(outerParent, 'SIGKILL')", /ESRCH is what was to be seen/, 'kill'],
  [
    '02-newpid',
    'kill-two',
    '  const end = waitpid(first.pid)\n  tryToKill(first.pid)',
    /first tryToKill\(\), then waitpid\(\)/,
    'wrong-order',
  ],
  ['02-newpid', 'others-end', '  second.mayGoOn.open()\n  third.mayGoOn.open()', /had not waited/, 'no-wait'],
  ['03-newnet', 'own-network', 'const pid = clone(child, CLONE_NEWNET)', /without SIGCHLD/, 'no-signal'],
  [
    '03-newnet',
    'lay-the-pair',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as above.
    'await $`ip link add ${veth} type veth peer name ${peer}`',
    /Both ends, .* were born in your network/,
    'both-here',
  ],
  [
    '03-newnet',
    'outer-address',
    GIVE_OUTER.replace('address', 'adress'),
    /the line below the command says which/,
    'typo',
  ],
  ['03-newnet', 'open-the-gate', 'childHasSpoken.open()', /childHasSpoken has had its turn/, 'other-gate'],
  ['03-newnet', 'ping', ping("'pnig'", "'-c'", "'3'", 'outerAddress'), /PATH has no program of that name/, 'typo'],
  [
    '04-newns',
    'private-mounts',
    "  mount('none', '/', null, MS_REC)",
    /EINVAL: that makes no sense to mount/,
    'no-type',
  ],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as above.
  ['04-newns', 'own-proc', "  mount('proc', `${root}/proc`, 'proc')", /no such path, seen from where/, 'old-path'],
  [
    '04-newns',
    'inner-addresses',
    "  setip('lo', '127.0.0.1', '255.0.0.0')\n  setip(veth, innerAddress, '255.255.255.0')",
    /veth0 is the outer end/,
    'outer',
  ],
  ['05-memory-oom', 'limit', 'group.limitMemory(2_000_000)', /Another number of bytes was written/, 'too-little'],
  ['05-memory-oom', 'join', 'group.add(process.pid)\nconst pid = clone(child, SIGCHLD)', /only the child belongs in/],
  ['06-freezer', 'work', '    sleep(0.1)', /writes nothing: writeAll/, 'silent'],
  ['06-freezer', 'join', 'group.add(process.pid)', /Your program has frozen itself/],
  ['06-freezer', 'the-end', "kill(pid, 'SIGKILL')\ngroup.remove()", /until waitpid\(pid\) it is a zombie/, 'no-wait'],
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
        assert.doesNotMatch(shown.join('\n'), /still running after/)
      }),
    ),
  )
})

/** Whether other programs kept the processors from this one. */
const isTooBusy = ({ missing, claims }: LabReport) =>
  [missing, ...claims.map(claim => claim.missing)].some(text => /machine is too busy/.test(text ?? ''))

/** What is known of a copy when it has been judged, as the reader's screen knows it. */
async function knownIn(timeout: number, slug: string, path: string) {
  const source = readFileSync(path, 'utf8')
  let stuck: string | undefined
  const read = (seen: Observation) => exercisesOf(slug).map(({ proof }) => proof?.(seen) ?? null)
  const outcome = await attempt(findLab(slug), path, { timeout, read, stuck: text => (stuck = text) }).outcome
  if (outcome?.kind !== 'judged') assert.fail(JSON.stringify(outcome))
  const { report } = outcome
  const at = standing(slug, source, report, { proofs: outcome.read as (Proof | null)[] })
  const text = JSON.stringify([at.tasks.map(({ state }) => state), stuck, { ...report, story: undefined }], null, 1)
  const [hint = ''] = hintsFor(at, report, { source, ...(stuck !== undefined && { stuck }) })
  return { at, text, hint, report }
}

type Known = Awaited<ReturnType<typeof knownIn>>

/**
 * The same on a machine of which nobody knows how busy it is: whoever did not come to the end in time is judged again
 * with more of it, unless what is known is what has to be known; preferred, if others kept the processors from it.
 */
async function known(
  slug: string,
  path: string,
  isExpected: (found: Known) => boolean = () => false,
  [first, ...longer]: readonly [number, ...number[]] = HANGING,
): Promise<Known> {
  const isInTime = ({ report }: Known) => hangOf(report) === undefined && !isTooBusy(report)
  let found = await knownIn(first, slug, path)
  for (const timeout of longer) {
    if (isInTime(found) || isExpected(found)) break
    const again = () => knownIn(timeout, slug, path)
    found = await (isTooBusy(found.report) ? preferred(again) : again())
  }
  return found
}

test('a mistake gets the hint that is for it, and the blame stays where it belongs', {
  concurrency: 3,
}, async suite => {
  await Promise.all(
    MISTAKES.map(([slug, region, code, hint, name = '']) => {
      const path = writeMistake(slug, region, code, name)
      return suite.test(basename(path), async one => {
        const found = await known(
          slug,
          path,
          ({ at, hint: told }) => at.current?.exercise.region === region && hint.test(told),
          name === 'while-true' ? COMPUTING : HANGING,
        )
        // A loop that computes waits for a processor as long as others want them all: there is no verdict then.
        if (isTooBusy(found.report)) return one.skip(found.report.missing ?? 'the machine is too busy')
        assert.equal(found.at.current?.exercise.region, region, found.text)
        assert.equal(found.at.current?.state, 'broken', found.text)
        assert.equal(found.at.isDone, false)
        assert.match(found.hint, hint, found.text)
      })
    }),
  )
})

test('every task of a lab that is as it should be is proved', { concurrency: 3 }, async suite => {
  await Promise.all(
    LABS.map(({ slug }) =>
      suite.test(slug, async () => {
        const { at, text } = await known(
          slug,
          write('none', slug, () => false),
        )
        assert.deepEqual(new Set(at.tasks.map(({ state }) => state)), new Set(['proved']), text)
        assert.equal(at.isDone, true)
      }),
    ),
  )
})

test('what is written is not proved before the kernel has seen it, and not called broken either', {
  concurrency: 3,
}, async suite => {
  const cases = [
    ['01-fork-vs-clone', ['changes'], ['written', 'open', 'open', 'open', 'open']],
    ['02-newpid', ['own-numbers'], ['written', 'open', 'open', 'open', 'open']],
    [
      '03-newnet',
      ['own-network', 'lay-the-pair', 'outer-address'],
      ['proved', 'proved', 'proved', 'open', 'open', 'open'],
    ],
  ] as const
  await Promise.all(
    cases.map(([slug, regions, states]) =>
      suite.test(slug, async () => {
        const isBlank = (place: number) =>
          !(regions as readonly string[]).includes(exercisesOf(slug)[place]?.region ?? '')
        const { at, text } = await known(slug, write('part', slug, isBlank))
        assert.deepEqual(
          at.tasks.map(({ state }) => state),
          states,
          text,
        )
      }),
    ),
  )
})

test('two who wait for each other are told of while they wait', async () => {
  const path = writeMistake('03-newnet', 'open-the-gate', '', 'nothing')
  let told: string | undefined
  const running = attempt(findLab('03-newnet'), path, {
    timeout: 300,
    stuck: text => {
      told = text
      running.cancel()
    },
  })
  assert.equal(await running.outcome, undefined)
  assert.match(
    told ?? '',
    /^Nobody moves any more: your program waits for the end of a child, its child waits at a gate\.$/,
  )
})
