/**
 * What can be tested of musl where Node itself runs on glibc: that native/ does there what it does here, that musl has
 * every function that TypeScript takes from libc, and that every package has a build for it. constants.test.ts compares
 * the numbers.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { compile } from '../../native/build.ts'
import { libcName, shimName } from '../../native/libc-name.mjs'
import { readElf } from '../machine/elf.ts'
import { findProgram } from '../machine/find-program.ts'
import { ROOT } from '../machine/root.ts'
import { compiler, MUSL_COMPILER, withoutMusl } from '../testing/in-child.ts'

const WARNINGS = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-pthread']
const MACHINE = process.arch === 'x64' ? 'x86_64' : 'aarch64'
const require = createRequire(import.meta.url)

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'musl-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Compiles a C program, with the libraries that it needs. */
function cc([command = '', ...options]: readonly string[], program: string, inputs: readonly string[]): string {
  execFileSync(command, [...options, ...WARNINGS, '-o', program, ...inputs])
  return program
}

/** The facts that fixtures/uses-shim.c prints after it and native/ have been compiled by a command. */
function factsOf(t: TestContext, command: readonly string[]): Record<string, number> {
  const folder = temporary(t)
  const shim = join(folder, 'shim.so')
  compile(join(ROOT, 'native'), shim, [command[0] as string])
  const program = cc(command, join(folder, 'uses-shim'), [join(ROOT, 'lib/testing/fixtures/uses-shim.c'), shim])
  const { status, signal, stdout, stderr } = spawnSync(program, { encoding: 'utf8', timeout: 120_000 })
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' }, stdout)
  return Object.fromEntries(
    Array.from(stdout.matchAll(/^(.+): (-?\d+)$/gm), ([, name, value]) => [name, Number(value)]),
  )
}

/** The facts as they have to be: 100 × signal + exit code, or -errno. */
const FACTS = {
  'clone.reads memory marked DONTFORK': 5,
  'clone.ends with 1 if it says nothing': 1,
  'clone.libc knows its TID': 1,
  'clone.so does its own clone': 1,
  'clone.and its fork': 7,
  'clone.makes a thread': 1,
  'clone.raise strikes the child': 1500,
  'clone.abort strikes the child': 600,
  'clone.PID 1 of parent 0': 10,
  'clone.PID 1 knows its TID': 1,
  'clone.handlers are reset': 1,
  'clone.SIGCHLD keeps its own': 1,
  'clone.signals are open again': 1,
  'clone.death signal': 9,
  'clone.impossible flags': -22,
  'clone.no such group': -9,
  'clone.the parent knows its TID': 1,
  'clone.another thread runs': -16,
  'exec.a program as PID 1': 4,
  'exec.no such program': -2,
  'exec.that was execve': 1,
  'exec.no such folder': -2,
  'exec.that was chdir': 1,
  'exec.no such root': -2,
  'exec.that was chroot': 1,
  'exec.impossible flags': -22,
  'exec.nobody is left': -10,
  'execve.stdout is open': 1,
  'execve.program': 3,
  'execve.SIGPIPE is as usual': 1300,
  'execve.no such program': -2,
  'system.status': 6 << 8,
  'system.in a copy': 6,
  'shared.on its piece of the stack': 1,
  'shared.child': 1,
  'shared.PID 1': 11,
  'shared.variable': 83,
  'shared.in a copy': 1,
  'shared.of one that is shared': 1,
  'shared.copies itself': 17,
  'shared.ends with 1 if it says nothing': 1,
  'shared.becomes a program': 5,
  'shared.becomes none that is not there': 2,
  'shared.and goes on': 125,
  'shared.impossible flags': -22,
  'shared.nobody is left': -10,
}

suite('native/', () => {
  const skip = !findProgram('cc') && 'there is no C compiler'
  test('gives a program of this libc all that it promises', { skip }, t =>
    assert.deepEqual(factsOf(t, [compiler()]), FACTS),
  )
  test('gives a program of musl the same, compiled with the same flags', { skip: withoutMusl }, t =>
    assert.deepEqual(factsOf(t, MUSL_COMPILER), FACTS),
  )
})

/** All files below a folder. No link is followed: a root file system that was made in there has one to /proc. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : []
  })
}

/** The functions that the sources take from libc, by their prototypes. */
function libcFunctions(): string[] {
  const sources = ['lib', 'checks', 'buildroot']
    .flatMap(folder => filesBelow(join(ROOT, folder)))
    .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map(file => readFileSync(file, 'utf8'))
  const taken = /(?:libcFunction|load\(null\)\.func)\(\s*'[^']*?(\w+)\(/g
  const names = sources.flatMap(source => Array.from(source.matchAll(taken), ([, name]) => name as string))
  return [...new Set(names)].sort()
}

test('musl exports every function that the sources take from libc', { skip: withoutMusl }, t => {
  // uv_ are Node's own.
  const names = libcFunctions().filter(name => !name.startsWith('uv_'))
  for (const known of ['mount', 'syscall', 'strerror', 'prctl', 'ioctl', 'cfmakeraw']) assert.ok(names.includes(known))
  const source = join(temporary(t), 'look-up.c')
  const lookUp = 'for (int i = 1; i < argc; i++) if (!dlsym(RTLD_DEFAULT, argv[i])) puts(argv[i]);'
  const lines = ['#define _GNU_SOURCE', '#include <dlfcn.h>', '#include <stdio.h>']
  writeFileSync(source, [...lines, `int main(int argc, char *argv[]) { ${lookUp} }`, ''].join('\n'))
  const program = cc(MUSL_COMPILER, source.replace('.c', ''), [source])
  assert.equal(execFileSync(program, names, { encoding: 'utf8' }), '')
  assert.equal(execFileSync(program, ['no_such_call'], { encoding: 'utf8' }), 'no_such_call\n')
})

suite('two C libraries, one checkout', () => {
  test('their shims have different names', () => {
    assert.deepEqual(
      [shimName('glibc'), shimName('musl')],
      [`shim-${process.arch}-glibc.so`, `shim-${process.arch}-musl.so`],
    )
  })

  test('the libc of this Node is the one that Node reports', () => {
    // On musl the report has no version of glibc; npm chooses packages by the same field.
    const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }
    assert.equal(libcName(), header.glibcVersionRuntime ? 'glibc' : 'musl')
  })

  test('a program of musl is known by its loader', { skip: withoutMusl }, t => {
    const source = join(temporary(t), 'nothing.c')
    writeFileSync(source, 'int main(void) { return 0; }\n')
    const program = cc(MUSL_COMPILER, source.replace('.c', ''), [source])
    assert.equal(libcName(program), 'musl')
    assert.match(readElf(program)?.interpreter ?? '', /^\/lib\/ld-musl-\w+\.so\.1$/)
  })
})

const nm = (...words: string[]): string[] =>
  execFileSync('nm', ['-D', ...words], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/).at(-1) as string)

suite('the packages', () => {
  const koffi = dirname(require.resolve(`@koromix/koffi-linux-${process.arch}`, { paths: [require.resolve('koffi')] }))
  const skip = !findProgram('nm') && 'binutils are not installed'

  test("koffi's build for musl needs only what Node on musl has loaded", { skip }, () => {
    const file = join(koffi, `musl_${process.arch}`, 'koffi.node')
    const needed = execFileSync('readelf', ['-d', file], { encoding: 'utf8' }).matchAll(/\(NEEDED\).*\[(.+)\]/g)
    assert.deepEqual(Array.from(needed, ([, name]) => name).sort(), [
      `libc.musl-${MACHINE}.so.1`,
      'libgcc_s.so.1',
      'libstdc++.so.6',
    ])
  })

  test("musl has every symbol that koffi's build for it takes from libc", { skip: skip || withoutMusl }, () => {
    // The loader is libc itself.
    const exported = new Set(nm('--defined-only', `/lib/ld-musl-${MACHINE}.so.1`))
    // Symbols of Node, of libstdc++ and of libgcc.
    const others = /^(napi_|uv_|_Z|__cxa_|__once_proxy|_ITM_|_Unwind_|__gxx_|__(de)?register_frame_info)/
    const taken = nm('--undefined-only', join(koffi, `musl_${process.arch}`, 'koffi.node'))
    assert.ok(taken.length > 50)
    assert.deepEqual(
      taken.filter(name => !others.test(name) && !exported.has(name)),
      [],
    )
  })

  test('esbuild and tsc are static: one program for every libc', () => {
    const esbuild = require.resolve(`@esbuild/linux-${process.arch}/bin/esbuild`)
    const tsc = join(dirname(require.resolve(`@typescript/typescript-linux-${process.arch}/package.json`)), 'lib/tsc')
    for (const file of [esbuild, tsc]) assert.equal(readElf(file)?.interpreter, undefined, file)
  })

  test('the lock file has biome for both, for npm to choose', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
    for (const arch of ['x64', 'arm64'])
      for (const [suffix, libc] of [
        ['', 'glibc'],
        ['-musl', 'musl'],
      ]) {
        const entry = packages[`node_modules/@biomejs/cli-linux-${arch}${suffix}`]
        assert.deepEqual([entry.libc, entry.optional, entry.cpu], [[libc], true, [arch]])
      }
  })
})
