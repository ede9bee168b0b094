/**
 * Code that is no file of a root file system is recognised, also beside a program that is one, and also where the links to
 * mapped files may not be followed.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import test, { after } from 'node:test'
import { until } from '../../../lib/machine/until.ts'
import { readProc } from '../../../lib/trace/proc.ts'
import { OwnFiles } from './own-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'own-files-'))
const original = mkdtempSync(join(tmpdir(), 'own-files-'))
const started: ReturnType<typeof spawn>[] = []
after(() => {
  for (const child of started) child.kill('SIGKILL')
  for (const each of [folder, original]) rmSync(each, { recursive: true })
})

/** A program with all that it loads, copied to two folders: the loader is the one that can be started by itself. */
const sleeper = realpathSync('/bin/sleep')
const libraries = [...readFileSync('/proc/self/maps', 'utf8').matchAll(/ (\/\S*\/(?:ld-|libc[.-])\S*)$/gm)]
  .map(([, path = '']) => path)
  .filter((path, i, all) => all.indexOf(path) === i)
const loader = libraries.find(path => /^ld-/.test(basename(path)))
for (const file of [sleeper, ...libraries]) for (const to of [folder, original]) cpSync(file, join(to, basename(file)))

/** Starts the program by its loader from the folder, and waits until it sleeps. */
function run(...options: string[]): number {
  const words = [...options, join(folder, basename(sleeper)), '1000']
  const child = spawn(join(folder, basename(loader ?? '')), words, { stdio: 'ignore' })
  started.push(child)
  const pid = child.pid as number
  assert.ok(until(() => isAsleep(pid), 120))
  return pid
}

/** Whether it has loaded its library and sleeps. */
const isAsleep = (pid: number) =>
  /^State:\s*S/m.test(readProc(pid, 'status') ?? '') && /libc/.test(readProc(pid, 'maps') ?? '')

for (const [way, mayFollow] of [
  ['by the links to mapped files', true],
  ['by device and inode', false],
] as const) {
  test(`a program of another library is not of these files, ${way}`, {
    skip: !loader && 'no loader of glibc here',
  }, () => {
    const files = new OwnFiles(folder, original, mayFollow)
    assert.equal(files.runBy(run('--library-path', folder)), true)
    assert.equal(files.runBy(run()), false)
    assert.equal(files.runBy(process.pid), false)
    files.close()
  })
}
