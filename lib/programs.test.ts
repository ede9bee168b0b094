import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, closeSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { clone } from './clone.ts'
import { cloneExec } from './clone-exec.ts'
import { startWords } from './engine/start-words.ts'
import { execve, execvp, system } from './exec.ts'
import * as F from './flags.ts'
import { makeGate, pipe } from './gate.ts'
import { dup2, openDescriptors } from './machine/descriptors.ts'
import { ROOT } from './machine/root.ts'
import { namespaces } from './namespaces.ts'
import { getpid, kill, sleep, WNOHANG, waitpid } from './process.ts'
import { capture, inChild, thrownBy } from './testing/in-child.ts'
import { childrenOf } from './trace/proc.ts'

const FIVE = F.CLONE_NEWNS | F.CLONE_NEWUTS | F.CLONE_NEWIPC | F.CLONE_NEWPID | F.CLONE_NEWNET

test('cloneExec starts a program in new namespaces, where it is PID 1', () => {
  const { output } = capture(0, () => {
    waitpid(cloneExec(['sh', '-c', 'echo $$; readlink /proc/self/ns/uts'], { flags: FIVE }))
  })
  const [pid, uts] = output.trim().split('\n')
  assert.equal(pid, '1')
  assert.notEqual(uts, `uts:[${namespaces().uts}]`)
})

test('cloneExec hands over arguments, environment and directory as they are', () => {
  const { output } = capture(0, () => {
    const argv = ['sh', '-c', 'printf "%s|" "$@" "$WORD"; pwd; env | wc -l', 'sh', 'two words', '', '--x', 'ü"\'$']
    waitpid(cloneExec(argv, { cwd: '/usr', env: { WORD: 'a b', PWD: '/usr' } }))
  })
  assert.match(output, /^two words\|\|--x\|ü"'\$\|a b\|\/usr\n/)
})

test('cloneExec enters a root directory', () => {
  const root = mkdtempSync(join(tmpdir(), 'root-'))
  const error = thrownBy(() => cloneExec(['/bin/true'], { root }))
  assert.equal(error.message.split('\n')[0], 'execve("/bin/true"): ENOENT (No such file or directory)')
  rmSync(root, { recursive: true })
})

test('a cloneExec that fails names the call that failed and leaves no process', () => {
  const failing: [() => unknown, RegExp][] = [
    [() => cloneExec(['no-such-program']), /^execve\("no-such-program"\): ENOENT/],
    [() => cloneExec(['/etc/passwd']), /^execve\("\/etc\/passwd"\): EACCES/],
    [() => cloneExec(['true'], { cwd: '/no/such' }), /^chdir\("\/no\/such"\): ENOENT/],
    [() => cloneExec(['true'], { root: '/no/such' }), /^chroot\("\/no\/such"\): ENOENT/],
    [() => cloneExec(['true'], { flags: F.CLONE_FS | F.CLONE_NEWNS }), /^clone\("true", CLONE_FS\|CLONE_NEWNS/],
    [() => cloneExec([]), /argv must be a program/],
    [() => cloneExec(['true'], { flags: F.CLONE_THREAD }), /make threads/],
  ]
  const census = () => [openDescriptors(getpid()).length, childrenOf(getpid())]
  const before = census()
  for (const [start, message] of failing) assert.match(thrownBy(start).message, message)
  assert.deepEqual(census(), before)
})

test('what cloneExec starts is killed when its parent dies', () => {
  const { readEnd, writeEnd } = pipe()
  const started = makeGate()
  const middle = clone(() => {
    dup2(writeEnd, 1)
    const program = cloneExec(['sleep', '600'])
    started.open()
    waitpid(program)
  }, F.SIGCHLD)
  started.wait()
  closeSync(writeEnd)
  kill(middle, 'SIGKILL')
  waitpid(middle)
  // Descriptor 1 of the program is the last write end: the file ends when the program does.
  assert.equal(readFileSync(readEnd, 'utf8'), '')
  closeSync(readEnd)
})

test('execve and execvp replace the process and keep its descriptors', () => {
  const byPath = capture(0, () => execve('/bin/sh', ['sh', '-c', 'echo "$A"; exit 3'], { A: 'by path' }))
  assert.deepEqual([byPath.code, byPath.output], [3, 'by path\n'])
  const bySearch = capture(0, () => execvp('sh', ['sh', '-c', 'exit 4']))
  assert.equal(bySearch.code, 4)
})

test('an execve that fails says why, and the process goes on', () => {
  const folder = mkdtempSync(join(tmpdir(), 'exec-'))
  const broken = join(folder, 'broken')
  writeFileSync(broken, 'no program\n')
  chmodSync(broken, 0o755)
  assert.equal(thrownBy(() => execve(broken, ['x'])).code, 'ENOEXEC')
  assert.equal(
    thrownBy(() => execve('/no/such', ['x'])).message.split('\n')[0],
    'execve("/no/such", [x]): ENOENT (No such file or directory)',
  )
  assert.match(thrownBy(() => execvp('', [])).message, /the program must be a path/)
  rmSync(folder, { recursive: true })
})

test('system returns how the shell ended', () => {
  assert.deepEqual(system('exit 5'), { code: 5, signal: null, coreDumped: false })
  assert.equal(system('kill -9 $$').signal, 'SIGKILL')
  const missing = capture(0, () => system('no-such-command').code ?? 1)
  assert.equal(missing.code, 127)
})

test('a word goes through the shell of a lab as it is, also where there is no bash', () => {
  const WORD = 'it\'s $HOME `id` \\ "two words" *\nü'
  const program = `import { $ } from './lib/lab/shell.ts'
    process.stdout.write(String(await $\`printf %s \${process.env.WORD}\`))`
  const options = ['--import', 'tsx', '--input-type=module', '-e', program]
  for (const PATH of [process.env['PATH'], '/no/such/folder']) {
    const run = spawnSync(process.execPath, options, { cwd: ROOT, encoding: 'utf8', env: { PATH, WORD } })
    assert.deepEqual([run.stdout, run.stderr], [WORD, ''])
  }
})

test('a program started here does not ignore SIGPIPE', () => {
  const { output } = capture(0, () => {
    system('grep SigIgn /proc/self/status')
    waitpid(cloneExec(['grep', 'SigIgn', '/proc/self/status']))
  })
  for (const line of output.trim().split('\n')) assert.equal(BigInt(`0x${line.split('\t')[1]}`) & (1n << 12n), 0n)
})

test('a gate holds one side until the other opens it', () => {
  const gate = makeGate()
  const pid = clone(() => {
    gate.wait()
    return 8
  }, F.SIGCHLD)
  assert.equal(waitpid(pid, WNOHANG).pid, 0)
  gate.open()
  assert.equal(waitpid(pid).code, 8)
})

test('a gate whose other side died ends the wait with an error', () => {
  const gate = makeGate()
  waitpid(clone(() => 0, F.SIGCHLD))
  assert.match(thrownBy(() => gate.wait()).message, /the other process has died/)
})

test('sleep goes on after a signal', () => {
  const elapsed = inChild(0, () => {
    const started = process.hrtime.bigint()
    const target = getpid()
    const disturber = clone(() => {
      for (let i = 0; i < 10; i++) {
        sleep(0.01)
        kill(target, 'SIGCONT')
      }
    }, F.SIGCHLD)
    sleep(0.25)
    waitpid(disturber)
    return Number(process.hrtime.bigint() - started) / 1e9
  })
  assert.ok(elapsed >= 0.25, `slept ${elapsed} s`)
})

test('a clone waits for a thread that comes to rest, however long the processors are busy, and for no other', () => {
  const program = join(ROOT, 'lib/testing/fixtures/busy-thread.ts')
  const words = [...startWords(ROOT), program]
  const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: ROOT, encoding: 'utf8', timeout: 180_000 })
  assert.deepEqual([stdout, stderr], ['EBUSY\ncode 3\n', ''])
})
