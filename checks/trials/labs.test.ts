/**
 * How labs behave as programs: their options, what they need, and that they leave the machine as it was.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { cloneExec } from '../../lib/clone-exec.ts'
import * as F from '../../lib/flags.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { installHint } from '../../lib/machine/packages.mjs'
import { MS_BIND, MS_PRIVATE, MS_REC, mount } from '../../lib/mount/mount.ts'
import { namespaces } from '../../lib/namespaces.ts'
import { interfaceNames } from '../../lib/net/free-network.ts'
import { setip } from '../../lib/net/interfaces.ts'
import { kill, waitpid } from '../../lib/process.ts'
import { capture } from '../../lib/testing/in-child.ts'
import { allPids, statusField } from '../../lib/trace/proc.ts'
import { awaitSo, enterProc, isAlone, type LabRun, labRun } from '../testing/lab-runs.ts'
import { lab, OrdinaryUser, USER } from '../testing/ordinary-user.ts'

const labs = new Map<string, LabRun>()
for (const { slug } of LABS) labs.set(slug, await labRun(slug))
const command = (slug: string, ...args: string[]) => labs.get(slug)?.command(...args) ?? []
const run = (slug: string, args: readonly string[] = []) => (labs.get(slug) as LabRun).run(args)
const user = new OrdinaryUser()
after(() => user.end())
const NET03 = '03-newnet'

for (const { slug, number, question } of LABS) {
  test(`lab ${number} explains itself with --help`, () => {
    const { status, stdout } = run(slug, ['--help'])
    assert.equal(status, 0)
    assert.ok(
      stdout.includes(question) && stdout.includes(`npx tsx labs/${slug}.ts`) && stdout.includes('--pace SECONDS'),
    )
  })

  test(`lab ${number} refuses what it does not know, with exit code 2`, () => {
    const wrong: [string[], RegExp][] = [
      [['--nope'], /^unknown option --nope\nhint: --help lists the options\n$/],
      [['--pace', 'fast'], /^--pace must be a number of seconds such as 0\.5, not "fast"\n$/],
      [['--pace'], /^--pace needs a value: --pace SECONDS\n$/],
      [['word'], /^unexpected argument word\nhint: /],
    ]
    for (const [args, message] of wrong) {
      const { status, stderr } = run(slug, args)
      assert.equal(status, 2)
      assert.match(stderr, message)
    }
  })
}

test('lab 3 refuses addresses that cannot belong together', () => {
  for (const inside of ['10.0.1.4', '10.0.0.3']) {
    const { status, stderr } = run(NET03, ['--inside', inside])
    assert.equal(status, 2)
    assert.match(stderr, /must be different addresses of one \/24\nhint: /)
  }
})

test('labs 2 and 3 need no root where user namespaces are allowed, and say what is different', () => {
  for (const slug of ['02-newpid', NET03]) {
    const { status, stdout, stderr } = user.run(lab(slug))
    assert.deepEqual([status, stderr], [0, ''])
    assert.match(
      stdout,
      new RegExp(
        `^ +You are not root here, so lab \\d runs in a user namespace, .*\\n +then 0 ${USER} 1 in its uid_map`,
      ),
    )
    assert.equal(/a network of its own, too/.test(stdout), slug === NET03)
  }
})

test('labs 5 and 6 without root and without a group of their own say how to get one, with exit code 77', () => {
  for (const slug of ['05-memory-oom', '06-freezer']) {
    const { status, stdout, stderr } = user.run(lab(slug))
    assert.deepEqual([status, stdout], [77, ''])
    assert.match(
      stderr,
      /that takes root, or a group that is yours\nhint: use sudo, or hand a group over once:\n {2}.*sudo /,
    )
  }
})

test('lab 1 needs no root', () => {
  assert.equal(user.run(lab('01-fork-vs-clone')).status, 0)
})

test('lab 3 without ip or ping names the package that has it', () => {
  for (const tool of ['ip', 'ping'] as const) {
    const { code, output } = capture(F.CLONE_NEWNET | F.CLONE_NEWNS, () => {
      mount('none', '/', null, MS_REC | MS_PRIVATE)
      for (const folder of ['/bin', '/sbin', '/usr/bin', '/usr/sbin']) {
        const there = spawnSync('test', ['-e', join(folder, tool)]).status === 0
        if (there) mount('/dev/null', join(folder, tool), null, MS_BIND)
      }
      return waitpid(cloneExec(command(NET03))).code ?? 1
    })
    assert.equal(code, 77)
    assert.match(output, new RegExp(`lab 3 needs the program ${tool}, and PATH has none`))
    assert.ok(output.endsWith(`\nhint: ${installHint([tool])}\n`), output)
  }
})

/** Runs lab 3 where a veth0 has these addresses. */
function beside(...addresses: readonly string[]) {
  return capture(F.CLONE_NEWNET, () => {
    waitpid(cloneExec(['ip', 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'other']))
    for (const address of addresses) waitpid(cloneExec(['ip', 'address', 'add', address, 'dev', 'veth0']))
    waitpid(cloneExec(['ip', 'link', 'set', 'veth0', 'up']))
    const { code } = waitpid(cloneExec(command(NET03, '--interval', '0.2', '--outside', '10.0.0.3')))
    console.log(`afterwards ${interfaceNames().sort().join(' ')}`)
    return code ?? 1
  })
}

test('lab 3 takes another name and another private range when its own are in use, and touches neither', () => {
  const { output, code } = beside('10.0.0.1/8')
  assert.equal(code, 0, output)
  assert.match(output, /uses the network of 10\.0\.0\.3 already; I take 172\.16\.0\.3\./)
  assert.match(output, /afterwards lo other veth0\n$/)
})

test('lab 3 where every private range is in use cannot run, says what helps, and touches nothing', () => {
  const { output, code } = beside('10.0.0.1/8', '172.16.0.1/12', '192.168.0.1/16')
  assert.equal(code, 77, output)
  assert.match(output, /no free \/24 is left .*\nhint: /)
  assert.match(output, /afterwards lo other veth0\n$/)
})

test('lab 3 with a free network beside the used one says which it takes', () => {
  const { output, code } = capture(F.CLONE_NEWNET, () => {
    waitpid(cloneExec(['ip', 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'other']))
    setip('veth0', '10.0.0.1', '255.255.0.0')
    const { code } = waitpid(cloneExec(command(NET03, '--interval', '0.2')))
    console.log(`afterwards ${interfaceNames().sort().join(' ')}`)
    return code ?? 1
  })
  assert.equal(code, 0, output)
  assert.match(output, /This machine has a veth0 already; I take veth1\./)
  assert.match(output, /uses the network of 10\.0\.0\.3 already; I take 10\.1\.0\.3\./)
  assert.match(output, /3 packets transmitted, 3 received, 0% packet loss/)
  assert.match(output, /afterwards lo other veth0\n$/)
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  test(`lab 3 ended by ${signal} leaves neither an interface nor a process`, () => {
    const { output } = capture(F.CLONE_NEWNET | F.CLONE_NEWPID | F.CLONE_NEWNS, () => {
      enterProc()
      const lab = cloneExec(command(NET03, '--interval', '30'))
      awaitSo(() => allPids().some(pid => statusField(pid, 'Name') === 'ping'))
      kill(lab, signal)
      waitpid(lab)
      awaitSo(() => isAlone() && interfaceNames().length === 1)
      console.log('alone')
    })
    assert.match(output, /alone\n$/)
  })
}

test('when lab 2 is ended by SIGKILL, its whole PID namespace ends, too', () => {
  const { output } = capture(F.CLONE_NEWPID | F.CLONE_NEWNS, () => {
    enterProc()
    const lab = cloneExec(command('02-newpid', '--pace', '1'))
    awaitSo(() => allPids().some(pid => namespaces(pid).pid !== namespaces().pid))
    kill(lab, 'SIGKILL')
    waitpid(lab)
    awaitSo(isAlone)
    console.log('alone')
  })
  assert.match(output, /alone\n$/)
})
