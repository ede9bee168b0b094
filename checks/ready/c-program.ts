/**
 * A program in C, compiled: always with the same flags, and with those that stand in its head, `// cc: -lcap`.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { findCompiler } from '../../lib/machine/compiler.ts'
import { runTool, type Shut } from './build-tool.ts'

const FLAGS = ['-std=gnu11', '-O1', '-Wall', '-pthread']
/** In which part of a source its flags may stand, in bytes and lines. */
const HEAD = { bytes: 4096, lines: 10 } as const
const IN_HEAD = /^\s*(?:\/\/|\/\*|\*)\s*cc:\s*(.*?)\s*(?:\*\/)?\s*$/m
/** Flags that only say how it is compiled. Others have the compiler run programs, or read and write files. */
const HARMLESS =
  /^-(?:pthread|static|std=[\w+]+|O[0-3sg]?|g\d?|ansi|pedantic|w|W(?![alp],)[\w-]*(?:=\w+)?|[DU]\w+(?:=[\w.]*)?|l[\w.+-]+|f(?:no-)?(?:common|strict-aliasing|stack-protector|omit-frame-pointer|signed-char|builtin|wrapv|pie|pic|PIE|PIC)|no-pie|pie|m(?:64|arch=[\w-]+))$/

/** The beginning of a file. */
function headOf(file: string): string {
  const fd = openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(HEAD.bytes)
    return buffer.toString('utf8', 0, readSync(fd, buffer)).split('\n').slice(0, HEAD.lines).join('\n')
  } finally {
    closeSync(fd)
  }
}

/** The flags that a source asks for in its head. */
const flagsOf = (file: string): string[] => (IN_HEAD.exec(headOf(file))?.[1] ?? '').split(/\s+/).filter(Boolean)

/**
 * Compiles one file in its folder.
 * @param program where the program goes
 * @returns what is wrong, if there is no program
 */
export async function compileC(source: string, program: string, shut: Shut | undefined): Promise<string | undefined> {
  const compiler = findCompiler()
  if (compiler === undefined) return 'there is no C compiler here'
  const asked = flagsOf(source)
  const strange = asked.find(flag => !HARMLESS.test(flag))
  if (strange !== undefined)
    return `its head asks for ${strange}; behind cc: may stand -pthread, -static, -O…, -g, -std=…, -W…, -D…, -l… and the like`
  const libraries = asked.filter(flag => flag.startsWith('-l'))
  const others = asked.filter(flag => !flag.startsWith('-l'))
  const argv = [compiler, ...FLAGS, ...others, '-o', program, `./${basename(source)}`, ...libraries] as const
  return runTool(argv as unknown as [string, ...string[]], dirname(source), shut)
}
