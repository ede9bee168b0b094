/**
 * Lab 7 as a reader starts it: as root, as an ordinary user, where it cannot run, and what it leaves.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { clone } from '../../lib/clone.ts'
import { execve } from '../../lib/exec.ts'
import { CLONE_NEWUSER, SIGCHLD } from '../../lib/flags.ts'
import { makeGate } from '../../lib/gate.ts'
import { waitpid } from '../../lib/process.ts'
import { writeIdMaps } from '../../lib/rights/users.ts'
import { everyNode, OUTERMOST, runCompiled } from '../../lib/testing/every-node.ts'
import { capture } from '../../lib/testing/in-child.ts'
import { nodeFolder } from '../../lib/testing/node-versions.ts'
import { compareCensus, takeCensus } from '../judge/census.ts'
import { awaitSo, labRun } from '../testing/lab-runs.ts'
import { lab, OrdinaryUser, USER } from '../testing/ordinary-user.ts'
import { takeOwnView } from '../testing/own-view.ts'

const skip = process.getuid?.() !== 0 && 'needs root, to become somebody else'
const SLUG = '07-userns'
// In the view of its own there is no network to fetch a Node by. Why one cannot be had, its test says.
await Promise.allSettled(OUTERMOST.map(nodeFolder))
// Interfaces and mounts are counted, and other tests have some, too.
takeOwnView()
/** In which nobody else's labs make folders. */
const temporary = mkdtempSync(join(tmpdir(), 'userns-lab-'))
chmodSync(temporary, 0o755)
process.env['TMPDIR'] = temporary
after(() => rmSync(temporary, { recursive: true }))
const userns = await labRun(SLUG)
/** `undefined` where all tests are skipped. */
const user = (skip ? undefined : new OrdinaryUser()) as OrdinaryUser
after(() => user?.end())

/** The folders that labs have made below a folder. */
const folders = (place = temporary) => readdirSync(place).filter(name => /^containers-from-clone\.lab-/.test(name))

test('as root it maps a range, and the machine is as it was', { skip }, () => {
  const before = takeCensus()
  const { status, stdout, stderr } = userns.run(['--range', '300000:2000'])
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(stdout, /^ inside {2}I am user 65534 and group 65534/m)
  assert.match(stdout, /by the map 0 300000 2000\.$/m)
  assert.match(stdout, /^outside {2}To me it is user 300000, and its file belongs to user 300000\.$/m)
  assert.match(stdout, /^Uid:\t1000\t0\t0\t0$[\s\S]*^Uid:\t1000\t1000\t1000\t1000$/m)
  assert.deepEqual(compareCensus(before, takeCensus()), [])
  assert.deepEqual(folders(), [])
})

/** The owner of a copy depends on the Node, and the map has the one whom the lab sees as the owner of grep. */
everyNode(
  'the set-user-ID program is that of root inside',
  async (node, t) => {
    if (skip) return t.skip(skip)
    const { code, output } = await runCompiled(`labs/${SLUG}.ts`, ['--range', '300000:65536'], { node })
    assert.equal(code, 0, output)
    assert.match(output, /^Uid:\t1000\t0\t0\t0\nCapPrm:\t(?!0{16}$)[0-9a-f]{16}$/m)
  },
  OUTERMOST,
)

test('a range that cannot be had is refused, with exit code 2', { skip }, () => {
  for (const [range, message] of [
    ['many', /^--range must be FIRST:COUNT such as 100000:65536, not "many"\n$/],
    ['4294967290:10', /^--range must be FIRST:COUNT/],
  ] as const) {
    const { status, stderr } = userns.run(['--range', range])
    assert.equal(status, 2)
    assert.match(stderr, message)
  }
})

test('an ordinary user is mapped alone, is told what a range takes, and may not choose one', { skip }, () => {
  const { status, stdout, stderr } = user.run(lab(SLUG))
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(stdout, new RegExp(`by the map 0 ${USER} 1\\.$`, 'm'))
  assert.match(stdout, /^ {9}a range takes /m)
  assert.match(stdout, /^CapPrm:\t0{16}$/m)
  const chosen = user.run(lab(SLUG, '--range', '100000:5'))
  assert.equal(chosen.status, 2)
  assert.match(chosen.stderr, /^--range is for root: .*\nhint: /)
  assert.deepEqual(folders(user.home), [])
})

test('where the limit on user namespaces is 0 it says so, with the command that raises it, and exit code 77', {
  skip,
}, () => {
  const [file = '', ...words] = userns.command()
  const mapped = makeGate()
  const { output, code } = capture(0, () => {
    const pid = clone(() => {
      mapped.wait()
      // In a user namespace of its own, where it is the limit of that one alone.
      writeFileSync('/proc/sys/user/max_user_namespaces', '0')
      execve(file, [file, ...words])
    }, CLONE_NEWUSER | SIGCHLD)
    writeIdMaps(pid, [{ inside: 0, outside: 0, count: 65536 }])
    mapped.open()
    return waitpid(pid).code ?? 1
  })
  assert.equal(code, 77, output)
  assert.match(output, /^lab 7 cannot run here .*max_user_namespaces is 0\nseen: .*\nhint: sudo sysctl /m)
})

test('its folder goes even when it is killed', { skip }, async () => {
  const [file = '', ...words] = userns.command('--pace', '600')
  const running = spawn(file, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(running.stdout, 'data')
  assert.equal(folders().length, 1)
  running.kill('SIGKILL')
  await once(running, 'exit')
  awaitSo(() => folders().length === 0)
})
