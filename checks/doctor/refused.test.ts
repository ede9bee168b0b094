/**
 * What a filter refuses is named by the doctor, and by the check in the same words, with exit code 77.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { startWords } from '../../lib/engine/start-words.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { compiler } from '../../lib/testing/in-child.ts'
import type { Finding } from './find/finding.ts'

const folder = mkdtempSync(join(tmpdir(), 'refused-'))
after(() => rmSync(folder, { recursive: true }))

/** A program that answers one call with EPERM, for itself and all it starts. */
const DENY = `
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char **words) {
  struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, atoi(words[1]), 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { 4, filter };
  if (geteuid() != 0) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (count < 3 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return 99;
  execvp(words[2], words + 2);
  return 98;
}
`
const CALLS = {
  x64: { ptrace: 101, kcmp: 312, pidfd_open: 434, setns: 308, pivot_root: 155 },
  arm64: { ptrace: 117, kcmp: 272, pidfd_open: 434, setns: 268, pivot_root: 41 },
}[process.arch as 'x64' | 'arm64']

const deny = join(folder, 'deny')
writeFileSync(`${deny}.c`, DENY)
execFileSync(compiler(), ['-o', deny, `${deny}.c`])

function run(number: number, ...words: string[]): Promise<{ readonly code: number | null; readonly text: string }> {
  const argv = [String(number), process.execPath, ...startWords(ROOT), ...words]
  const child = spawn(deny, argv, {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', part => (text += part))
  return new Promise(resolve => child.on('close', code => resolve({ code, text })))
}

const skip = process.getuid?.() !== 0 && 'two of the calls are tried by root alone'

test('a refused call is the same fault for the doctor and for a check', { concurrency: 2, skip }, async suite => {
  await Promise.all(
    Object.entries(CALLS).map(([name, number]) =>
      suite.test(name, async () => {
        const doctor = await run(number, 'checks/doctor/doctor.ts', '--json')
        const { findings } = JSON.parse(doctor.text) as { readonly findings: readonly Finding[] }
        const found = findings.filter(({ id, state }) => ['judging', 'kcmp'].includes(id) && state === 'missing')
        assert.match(found.map(({ seen, title }) => `${title} ${seen}`).join(), new RegExp(name), doctor.text)
        const check = await run(number, 'checks/check.ts', 'lab1')
        assert.equal(check.code, 77, check.text)
        assert.match(
          check.text.replace(/\s+/g, ' '),
          new RegExp(`(lacks|needs) ${name}\\(2\\).*EPERM.*seccomp=unconfined`),
        )
      }),
    ),
  )
})
