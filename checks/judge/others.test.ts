/**
 * What others change on the machine is not the program's doing. The machine is a network and mounts of this test's own, and
 * the others are this test: a program waits for a signal, and gets it when everything has been changed that is to be.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { startWords } from '../../lib/engine/start-words.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { kill } from '../../lib/process.ts'
import { allPids, readProc, statusField } from '../../lib/trace/proc.ts'
import type { Report } from '../report/report.ts'
import { tellApart } from './others.ts'

const CHECK = [process.execPath, ...startWords(), 'checks/check.ts']
const RIGHT = join(ROOT, 'checks/labs/02-newpid/right/newpid.sh')
/** Every machine that can run lab 3 has this kind. */
const PAIR = 'ip link add foreign type veth peer name foreigner'
const folder = mkdtempSync(join(tmpdir(), 'others-'))
after(() => rmSync(folder, { recursive: true }))

/** A right program that first waits for SIGUSR1. Its name tells it from every other process. */
const program = join(folder, 'waits')
writeFileSync(program, `#!/bin/sh\ntrap 'go=1' USR1\nuntil [ -n "$go" ]; do sleep 0.02; done\nexec ${RIGHT}\n`, {
  mode: 0o755,
})

const isNamedSo = (pid: number) => statusField(pid, 'Name') === 'waits'

/** The PIDs of that program, once it handles the signal. A child that it forks has the same name, until it is sleep(1). */
const waiting = () =>
  allPids().filter(pid => {
    if (!isNamedSo(pid) || isNamedSo(Number(statusField(pid, 'PPid')))) return false
    const caught = BigInt(`0x${statusField(pid, 'SigCgt') ?? '0'}`)
    return readProc(pid, 'cmdline')?.includes(program) && ((caught >> 9n) & 1n) === 1n
  })

/** Checks the program in a network and mounts of its own. @param change is called each time that the program waits */
async function check(change: (inNetwork: (command: string) => void, turn: number) => void) {
  const words = ['--net', '--mount', ...CHECK, 'lab2', program, '--json']
  const started = spawn('unshare', words, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  started.stdout.setEncoding('utf8').on('data', part => (text += part))
  const inNetwork = (command: string) => {
    const done = spawnSync('nsenter', ['-t', String(started.pid), '-n', '-m', 'sh', '-ec', command])
    assert.equal(done.status, 0, done.stderr.toString())
  }
  const seen = new Set<number>()
  const closed = new Promise<number | null>(resolve => started.on('close', resolve))
  const isOver = { now: false }
  const code = closed.finally(() => (isOver.now = true))
  try {
    while (!isOver.now) {
      for (const pid of waiting().filter(each => !seen.has(each))) {
        change(inNetwork, seen.size)
        seen.add(pid)
        kill(pid, 'SIGUSR1')
      }
      await Promise.race([pause(20), code])
    }
  } finally {
    started.kill()
  }
  const [lab] = (JSON.parse(text) as Report).labs
  return { code: await code, lab, turns: seen.size }
}

test('an interface that somebody else adds is named, and the program is judged again', async () => {
  const { code, lab, turns } = await check((run, turn) => turn === 0 && run(PAIR))
  assert.deepEqual({ code, turns, verdict: lab?.verdict }, { code: 0, turns: 2, verdict: 'holds' })
  assert.deepEqual(lab?.others, ['interface foreigner appeared', 'interface foreign appeared'])
})

test('if that goes on, it cannot be judged whether the program changes anything, and all else is', async () => {
  const { code, lab, turns } = await check((run, turn) => {
    run(turn === 0 ? PAIR : PAIR.replaceAll('foreign', 'strange'))
  })
  assert.deepEqual({ code, turns, verdict: lab?.verdict }, { code: 77, turns: 2, verdict: 'cannot be judged' })
  const open = lab?.claims.filter(({ verdict }) => verdict !== 'holds') ?? []
  assert.equal(open.length, 1)
  assert.match(open[0]?.missing ?? '', /interface strange\w* appeared/)
})

test('what has a mark of the sandbox is its own, whoever else has changed something', () => {
  const own = [
    'cgroup /sys/fs/cgroup/memory/containers-from-clone.check.7 appeared',
    'mount /sys/root (overlay sandbox) appeared',
    'mount /tmp/check-7/fs (tmpfs none) appeared',
    'mount /mnt (tmpfs stage) appeared',
    'process 7 is still there',
  ]
  const others = ['interface eth1 vanished', 'mount /media (ext4 /dev/sdb1) appeared']
  assert.deepEqual(tellApart([...own, ...others], '/tmp/check-7'), { own, others })
})
