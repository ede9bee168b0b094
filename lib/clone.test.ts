import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import test from 'node:test'
import { type Child, clone, fork } from './clone.ts'
import { system } from './exec.ts'
import * as F from './flags.ts'
import { makeGate, pipe } from './gate.ts'
import { openDescriptors } from './machine/descriptors.ts'
import { namespaces } from './namespaces.ts'
import { _exit, getpid, getppid, kill, sleep, waitpid } from './process.ts'
import { becomeUser } from './rights/users.ts'
import { capture, inChild, thrownBy } from './testing/in-child.ts'
import { childrenOf, statusField } from './trace/proc.ts'

const SHARED = F.CLONE_VM | F.CLONE_VFORK | F.SIGCHLD

test("the child sees the parent's variables and changes only its own copy", () => {
  let variable = 'before'
  const seen = inChild(0, () => {
    const first = variable
    variable = 'changed'
    return [first, variable]
  })
  assert.deepEqual(seen, ['before', 'changed'])
  assert.equal(variable, 'before')
})

test('the number a child returns is its exit code, and nothing is 0', () => {
  for (const code of [0, 1, 42, 255]) assert.equal(waitpid(fork(() => code)).code, code)
  assert.equal(waitpid(fork(() => {})).code, 0)
})

test('the argument reaches the child', () => {
  assert.equal(waitpid(clone(({ code }) => code, F.SIGCHLD, { code: 7 })).code, 7)
  assert.equal(waitpid(fork(code => code, 9)).code, 9)
})

test('in a fresh PID namespace the child is 1 with parent 0, and its children are 2, 3 and 4', () => {
  const seen = inChild(F.CLONE_NEWPID, () => {
    const numbers = [1, 2, 3].map(() => inChild(0, () => [getpid(), getppid()]))
    return { self: [getpid(), getppid()], numbers }
  })
  assert.deepEqual(seen, {
    self: [1, 0],
    numbers: [
      [2, 1],
      [3, 1],
      [4, 1],
    ],
  })
})

test('each namespace flag gives the child a namespace of that kind and no other', () => {
  const flags = {
    uts: F.CLONE_NEWUTS,
    ipc: F.CLONE_NEWIPC,
    net: F.CLONE_NEWNET,
    mnt: F.CLONE_NEWNS,
    cgroup: F.CLONE_NEWCGROUP,
  }
  const ours = namespaces()
  for (const [kind, flag] of Object.entries(flags)) {
    const its = inChild(flag, () => namespaces())
    const differing = Object.keys(ours).filter(name => its[name as 'uts'] !== ours[name as 'uts'])
    assert.deepEqual(differing, [kind])
  }
})

test('with CLONE_VM | CLONE_VFORK a let changed in the child is changed in the parent', () => {
  let variable = 0
  const pid = clone(() => {
    variable = getpid()
    return 3
  }, SHARED)
  assert.equal(waitpid(pid).code, 3)
  assert.equal(variable, pid)
})

test('a child on the shared heap may allocate, throw and exit, and the parent goes on', () => {
  const rounds = Array.from({ length: 20 }, (_, i) => i)
  const kept: object[] = []
  for (const i of rounds) {
    waitpid(clone(() => void kept.push(Array.from({ length: 10000 }, () => ({ i }))), SHARED))
    assert.equal(waitpid(clone(() => process.exit(5), SHARED)).code, 5)
  }
  assert.equal(kept.length, rounds.length)
})

test('a gate that a child on the shared heap opens is open for its parent', () => {
  const gate = makeGate()
  const pid = clone(() => gate.open(), SHARED)
  gate.wait()
  assert.equal(waitpid(pid).code, 0)
  assert.throws(() => gate.wait(), /it cannot be waited for here, because this process has already waited for it/)
})

test('flags that cannot work with JavaScript are refused before the call, with the reason', () => {
  const reasons: [number, RegExp][] = [
    [F.CLONE_VM | F.SIGCHLD, /two JavaScript engines.*add CLONE_VFORK/],
    [F.CLONE_THREAD, /CLONE_THREAD: a second thread/],
    [F.CLONE_SIGHAND, /CLONE_SIGHAND: the child has to reset/],
    [F.CLONE_SETTLS, /CLONE_SETTLS: V8 and libc/],
    [F.CLONE_NEWTIME, /CLONE_NEWTIME: clone\(2\) reads the signal/],
    [F.CLONE_PIDFD, /CLONE_PIDFD: it needs the address/],
  ]
  for (const [flags, reason] of reasons) assert.match(thrownBy(() => clone(() => 0, flags)).message, reason)
})

test('what is no function, no number or async is refused with a sentence', () => {
  const bad = (child: unknown, flags: unknown) =>
    thrownBy(() => clone(child as Child<undefined>, flags as number)).message
  assert.equal(bad('x', 17), 'clone: the child must be a function, not "x"')
  assert.equal(bad(undefined, 17), 'clone: the child must be a function, not undefined')
  for (const flags of ['17', Number.NaN, 1.5, undefined, 2 ** 33])
    assert.match(
      bad(() => 0, flags),
      /flags must be a number such as/,
    )
  assert.match(
    bad(async () => 0, 17),
    /must not be async or return a promise: a cloned child has no event loop/,
  )
  for (const generator of [function* () {}, function* () {}.bind(null)])
    assert.match(bad(generator, 17), /must not be a generator function: .* nobody would ask that to run/)
})

test('a function is a child whatever its `constructor` is', () => {
  const odd = Object.defineProperty(() => 4, 'constructor', { get: () => assert.fail('asked for') })
  for (const child of [odd, Object.setPrototypeOf(() => 4, null) as Child<undefined>])
    assert.equal(waitpid(clone(child, F.SIGCHLD)).code, 4)
})

test('a child that returns nothing ends with its process.exitCode, which its parent does not get', () => {
  const { exitCode } = process
  process.exitCode = 9
  const set = () => {
    process.exitCode = 4
  }
  for (const flags of [F.SIGCHLD, F.SIGCHLD | F.CLONE_VM | F.CLONE_VFORK]) {
    assert.equal(waitpid(clone(set, flags)).code, 4)
    assert.equal(waitpid(clone(() => {}, flags)).code, 0)
    assert.equal(process.exitCode, 9)
  }
  process.exitCode = exitCode
})

test('a child that returns a promise says why that cannot be, and exits 1', () => {
  const { code, output } = capture(0, (() => Promise.resolve(0)) as unknown as Child<undefined>)
  assert.equal(code, 1)
  assert.match(output, /no event loop that would ever settle it/)
})

test('a child that throws prints its error and exits 1', () => {
  const { code, output } = capture(0, () => {
    throw new Error('broken on purpose')
  })
  assert.equal(code, 1)
  assert.match(output, /broken on purpose/)
})

test('a child that returns no exit code says so and exits 1', () => {
  for (const wrong of ['0', 256, -1, 0.5, null]) {
    const { code, output } = capture(0, (() => wrong) as unknown as Child<undefined>)
    assert.equal(code, 1)
    assert.match(output, /exit code from 0 to 255/)
  }
})

test("process.exit in a child ends the child alone, without the parent's exit handlers", () => {
  const { code, output } = capture(0, () => {
    const status = inChild(0, () => {
      process.on('exit', () => console.log('handler ran'))
      return waitpid(fork(() => process.exit(6))).code
    })
    console.log(`code ${status}`)
  })
  assert.equal(code, 0)
  assert.equal(output, 'code 6\n')
})

test('console.log of a child is complete, in order, and longer than a pipe holds', () => {
  // Twice as much as a pipe holds.
  const lines = Array.from({ length: 1300 }, (_, i) => String(i).padStart(100))
  const { output } = capture(0, () => {
    for (const line of lines) console.log(line)
  })
  assert.equal(output, `${lines.join('\n')}\n`)
})

test('stdin, stdout and stderr work in what a child executes', () => {
  const { output } = capture(0, () => {
    system('echo out; echo err >&2; wc -c < /dev/null')
  })
  assert.equal(output, 'out\nerr\n0\n')
})

test('a child of a parent that dies is killed by the kernel', () => {
  for (const flags of [0, F.CLONE_NEWPID]) {
    // Both children hold the write end: the file ends when both are dead.
    const { readEnd, writeEnd } = pipe()
    const started = makeGate()
    const middle = fork(() => {
      clone(() => {
        started.open()
        sleep(600)
      }, flags | F.SIGCHLD)
      sleep(600)
    })
    started.wait()
    closeSync(writeEnd)
    kill(middle, 'SIGKILL')
    waitpid(middle)
    assert.equal(readFileSync(readEnd, 'utf8'), '')
    closeSync(readEnd)
  }
})

test('a signal to the child never reaches a handler of the parent', async () => {
  let calls = 0
  const handler = () => void calls++
  for (const signal of ['SIGTERM', 'SIGUSR2', 'SIGINT'] as const) {
    process.on(signal, handler)
    const started = makeGate()
    const pid = fork(() => {
      started.open()
      sleep(600)
    })
    started.wait()
    kill(pid, signal)
    assert.equal(waitpid(pid).signal, signal)
    await new Promise(setImmediate)
    process.off(signal, handler)
  }
  assert.equal(calls, 0)
})

test('spawnSync works in a child whose parent has asynchronous children', async () => {
  const running = spawn('sleep', ['600'])
  let signals = 0
  const handler = () => void signals++
  process.on('SIGCHLD', handler)
  const { output } = capture(0, () => {
    for (let i = 0; i < 5; i++) console.log(spawnSync('echo', [String(i)], { encoding: 'utf8' }).stdout.trim())
  })
  assert.equal(output, '0\n1\n2\n3\n4\n')
  running.kill()
  await once(running, 'exit')
  // The parent's own two: the child and sleep. None of the child's five.
  assert.ok(signals <= 2, `${signals} times SIGCHLD`)
  process.off('SIGCHLD', handler)
})

test('a namespace needs privilege, and the error says which call, which errno and what to do', () => {
  const { output } = capture(0, () => {
    becomeUser(65534, 65534)
    clone(() => 0, F.CLONE_NEWNET | F.SIGCHLD)
  })
  assert.equal(
    output,
    'clone(child, CLONE_NEWNET|SIGCHLD): EPERM (Operation not permitted)\n' +
      'hint: a new namespace needs root (or a user namespace that grants it): run the program with sudo; see clone(2)\n',
  )
})

test('an ordinary user becomes root in a user namespace', () => {
  const seen = inChild(0, () => {
    becomeUser(65534, 65534)
    return inChild(F.CLONE_NEWUSER | F.CLONE_NEWUTS, () => statusField('self', 'CapEff'))
  })
  assert.match(seen ?? '', /[1-9a-f]{4,}/)
})

test('CLONE_FILES and CLONE_FS share the descriptors and the directory', () => {
  const home = process.cwd()
  const fd = openSync('/dev/null', 'r')
  waitpid(clone(() => closeSync(fd), F.CLONE_FILES | F.SIGCHLD))
  assert.throws(() => closeSync(fd), { code: 'EBADF' })
  waitpid(clone(() => process.chdir('/'), F.CLONE_FS | F.SIGCHLD))
  assert.equal(readlinkSync('/proc/self/cwd'), '/')
  process.chdir(home)
})

test('a hundred children leave neither a descriptor nor a process behind', () => {
  const census = () => [openDescriptors(getpid()).length, childrenOf(getpid())]
  const before = census()
  for (let i = 0; i < 100; i++) assert.equal(waitpid(fork(() => i)).code, i)
  assert.deepEqual(census(), before)
})

test('_exit of a child runs no finally block and flushes nothing', () => {
  const { code, output } = capture(0, () => {
    try {
      _exit(4)
    } finally {
      console.log('finally')
    }
  })
  assert.deepEqual([code, output], [4, ''])
})

test('children that are killed within a signal handler of libuv do not stop the parent', () => {
  // The keys of a hang are SIGCHLD in the child at the moment of its death, and spawnSync in the parent.
  for (let i = 0; i < 60; i++) {
    const pid = fork(() => {
      for (;;) waitpid(fork(() => {}))
    })
    sleep(0.003 + Math.random() * 0.003)
    kill(pid, 'SIGKILL')
    waitpid(pid)
    if (i % 10 === 0) assert.equal(spawnSync('true').status, 0)
  }
})
