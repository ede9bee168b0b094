/**
 * What the book shows of terminals is what happens: every session is run again and compared.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { ROOT } from '../../../lib/machine/root.ts'
import { isPrivileged } from '../../../lib/rights/privileges.ts'
import { present } from '../source/order.ts'
import { describeProblem } from '../source/problem.ts'
import { checkRecordings, runAll } from './record.ts'
import { recordingsOf } from './recording.ts'
import type { Session } from './session.ts'

const skip = !isPrivileged(['namespaces', 'network', 'mounts']) && 'recording needs root'

/** Runs the sessions of a text. */
function run(...blocks: string[]): Session[] {
  const takes = recordingsOf(blocks.join('\n')).map(recording => ({ file: 'x.md', recording }))
  const done = runAll(takes, () => {})
  return takes.map(take => done.get(take) as Session)
}
const block = (words: string, ...lines: string[]) => [`\`\`\`console record ${words}`, ...lines, '```'].join('\n')

test('a session sees a machine of its own, and leaves nothing on the real one', { skip }, () => {
  const before = hostname()
  const [root, user, keys, failing] = run(
    block(
      '',
      '$ hostname; pwd; id -u',
      '$ cd lib',
      '$ pwd; sudo id -u',
      '$ touch /home/ada/containers-from-clone/left-behind',
    ),
    block('user', '$ id -un; id -u'),
    block('keys', '$ PS1="at:here# " sh', 'at:here# echo $((40 + 2))', 'at:here# exit'),
    block('', '$ exit 3'),
  )
  assert.deepEqual(root?.lines, [
    '$ hostname; pwd; id -u',
    'laptop',
    '/home/ada/containers-from-clone',
    '0',
    '$ cd lib',
    '$ pwd; sudo id -u',
    '/home/ada/containers-from-clone/lib',
    '0',
    '$ touch /home/ada/containers-from-clone/left-behind',
  ])
  assert.deepEqual(user?.lines, ['$ id -un; id -u', 'ada', '1000'])
  assert.deepEqual(keys?.lines.slice(1), ['at:here# echo $((40 + 2))', '42', 'at:here# exit'])
  assert.match(failing?.fault ?? '', /exit/)
  assert.equal(hostname(), before)
  assert.ok(!existsSync(join(ROOT, 'left-behind')))
})

test('every session in the book is what happens when it is run now', { skip }, t => {
  const files = present(join(ROOT, 'book')).map(({ name }) => `book/${name}.md`)
  const { problems, skipped } = checkRecordings(ROOT, files, () => {})
  for (const line of skipped) t.diagnostic(line)
  assert.equal(problems.map(describeProblem).join('\n'), '')
})
