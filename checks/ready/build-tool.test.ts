import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { statusField } from '../../lib/trace/proc.ts'
import { awaitSo } from '../testing/lab-runs.ts'
import { runTool } from './build-tool.ts'

/** What is left of a process: nothing, or a zombie for whose end nobody has waited yet. */
const hasEnded = (pid: number) => /^[ZX]/.test(statusField(pid, 'State') ?? 'X')

test('a tool that leaves something running has ended all the same, and that is ended with it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tool-'))
  try {
    const leave = 'sleep 1000 & echo $! >left; echo said'
    assert.equal(await runTool(['sh', '-c', leave], folder, undefined), undefined)
    const left = Number(readFileSync(join(folder, 'left'), 'utf8'))
    awaitSo(() => hasEnded(left))
    assert.equal(await runTool(['sh', '-c', `${leave}; exit 3`], folder, undefined), 'said')
    assert.equal(await runTool(['sh', '-c', 'exit 3'], folder, undefined), 'sh ended with exit code 3')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
