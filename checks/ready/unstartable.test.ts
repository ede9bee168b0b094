/**
 * What the kernel cannot start is named, with what mends it, before anything is judged.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { UsageError } from '../../lib/errors.ts'
import { commandFor } from './ready.ts'
import { whyUnstartable } from './unstartable.ts'

const folder = mkdtempSync(join(tmpdir(), 'unstartable-'))
after(() => rmSync(folder, { recursive: true }))

function executable(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content, { mode: 0o755 })
  return path
}

/** An ELF header of 64 bits, little-endian, without a program in it. @param machine `e_machine` of `<elf.h>` */
function elf(machine: number): Buffer {
  const header = Buffer.alloc(64)
  header.write('\x7fELF', 'latin1')
  header[4] = 2
  header[5] = 1
  header.writeUInt16LE(machine, 18)
  header.writeUInt16LE(56, 54)
  return header
}

const EM_RISCV = 243
const CASES: readonly (readonly [name: string, content: string | Buffer, seen: RegExp, hint: RegExp])[] = [
  [
    'windows.sh',
    '#!/bin/sh\r\necho hello\r\n',
    /lines end as those of Windows.*"\/bin\/sh\\r"/,
    /^sed -i 's\/\\r\$\/\/'/,
  ],
  ['marked.sh', '\ufeff#!/bin/sh\necho hello\n', /byte order mark/, /^sed -i/],
  ['bare', 'echo hello\n', /neither a compiled program nor a script/, /#!\/bin\/sh/],
  ['nobody.sh', '#!\necho hello\n', /names no interpreter/, /#!\/bin\/sh/],
  ['elsewhere.sh', '#!/nowhere/sh\n', /interpreter \/nowhere\/sh is not there/, /first line/],
  ['by-env.py', '#!/usr/bin/env nobody-has-this\n', /interpreter nobody-has-this is not in PATH/, /first line/],
  ['empty', '', /it is empty/, /saved/],
  ['torn', readFileSync(process.execPath).subarray(0, 300), /damaged program/, /compile it again/],
  ['strange', elf(EM_RISCV), /for riscv, and this machine is/, /compile it on this machine/],
]

for (const [name, content, seen, hint] of CASES) {
  test(`${name} is not started, and why is said`, async () => {
    const path = executable(name, content)
    const fault = whyUnstartable(path)
    assert.match(fault?.seen ?? '', seen)
    assert.match(fault?.hint ?? '', hint)
    await assert.rejects(commandFor(path), error => error instanceof UsageError && seen.test(error.message))
  })
}

test('what can be started is: a script, one by env with options and variables, and a program of this machine', async () => {
  const script = executable('right.sh', '#!/bin/sh -e\nexit 0\n')
  const byEnv = executable('by-env.sh', '#!/usr/bin/env -S A=1 sh -e\nexit 0\n')
  for (const path of [script, byEnv, process.execPath]) assert.equal(whyUnstartable(path), undefined, path)
  assert.deepEqual(await commandFor(script), [script])
})
