/**
 * The error of a program is found among what it printed, and told from what only looks like one.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { ROOT } from '../../lib/machine/root.ts'
import { crashIn } from './crash.ts'

const OURS = `outside  I am 1.
ReferenceError: innerAddres is not defined
    at mine/03-newnet.ts:57:15 (child)
    57 | setip(peer, innerAddres, '255.255.255.0')
gate: it was closed without being opened: the other process has died (or two wait at one gate)
    at mine/03-newnet.ts:90:3
    90 | hasSpoken.wait()
`

test('an error of lib/, with its place, comes before one about the death of another', () => {
  const { lines, rest } = crashIn(OURS) ?? { lines: [], rest: [] }
  assert.deepEqual(lines, [
    'ReferenceError: innerAddres is not defined',
    '    at mine/03-newnet.ts:57:15 (child)',
    "    57 | setip(peer, innerAddres, '255.255.255.0')",
  ])
  assert.equal(rest.length, 4)
  const turned = `${OURS.split('\n').slice(4, 7).join('\n')}\n${OURS}`
  assert.match(crashIn(turned)?.lines[0] ?? '', /^ReferenceError/)
})

test('an error that Node prints is folded to its message and the own line', () => {
  const printed = [
    'before',
    `file://${ROOT}/mine/lab2.ts:3`,
    "throw new Error('one\\ntwo')",
    '      ^',
    '',
    'Error: one',
    'two',
    `    at call (${ROOT}/lib/machine/libc.ts:62:11)`,
    `    at child (file://${ROOT}/mine/lab2.ts:3:7)`,
    '    at ModuleJob.run (node:internal/modules/esm/module_job:325:25)',
    '',
    'Node.js v20.20.2',
    'after',
  ].join('\n')
  assert.deepEqual(crashIn(printed), {
    lines: ['Error: one', 'two', '    at mine/lab2.ts:3:7 (child)'],
    places: [3],
    rest: ['before', 'after'],
  })
})

test('a traceback of Python ends in its message', () => {
  const printed =
    'x\nTraceback (most recent call last):\n  File "/home/a/lab2.py", line 9, in <module>\n    init()\n' +
    '  File "/home/a/lab2.py", line 4, in init\n    os.kill(2, 9)\nProcessLookupError: [Errno 3] No such process\n'
  assert.deepEqual(crashIn(printed), {
    lines: [
      'ProcessLookupError: [Errno 3] No such process',
      '    at /home/a/lab2.py:4 (init)',
      '    4 | os.kill(2, 9)',
    ],
    places: [],
    rest: ['x'],
  })
})

test('a failed call and a failed command keep what they said', () => {
  const command = 'a command of the program failed (exit code 2): ip x\n  Object "x" is unknown\n    at mine/a.ts:1:7\n'
  assert.equal(crashIn(`x\n${command}y`)?.lines.length, 3)
  const call = 'clone(child, CLONE_NEWNET): EPERM (Operation not permitted)\nhint: a new namespace needs root\n'
  assert.deepEqual(crashIn(`${call}y`)?.rest, ['y'])
})

test('what merely mentions an error is none', () => {
  for (const text of ['', 'hello', ' inside  kill(4711, SIGKILL): ESRCH (No such process)', 'Error: none at all\nok'])
    assert.equal(crashIn(text), undefined, text)
  assert.equal(crashIn('kill(4711, SIGKILL): ESRCH (No such process)\nok'), undefined)
})
