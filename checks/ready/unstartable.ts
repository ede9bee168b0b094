/**
 * Why the kernel would not start a file as a program. It would only answer ENOENT or ENOEXEC, which names neither the
 * first line nor the interpreter in it.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { isOurs, machineName, OUR_MACHINE, readElf } from '../../lib/machine/elf.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { isExecutable } from './executable.ts'

/** What is wrong with a file, and what mends it. */
export interface Unstartable {
  readonly seen: string
  readonly hint: string
  /** Whether it could not be started by its interpreter's name either. */
  readonly isSure?: true
}

/** As much of the first line as the kernel reads: `BINPRM_BUF_SIZE`. @see execve(2) */
const FIRST = 256
const BYTE_ORDER_MARK = '\xef\xbb\xbf'
const SHEBANG = 'a first line such as #!/bin/sh or #!/usr/bin/env python3'

function firstBytes(file: string): string {
  const fd = openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(FIRST)
    return buffer.toString('latin1', 0, readSync(fd, buffer))
  } finally {
    closeSync(fd)
  }
}

/** What is wrong with the first line of a script, `#!/usr/bin/env python3`. */
function faultOfScript(line: string, file: string): Unstartable | undefined {
  if (line.endsWith('\r'))
    return {
      seen: `its lines end as those of Windows, so its interpreter would be called ${JSON.stringify(line.slice(2))}`,
      hint: `sed -i 's/\\r$//' ${file}`,
      isSure: true,
    }
  const [interpreter = '', ...words] = line.slice(2).trim().split(/\s+/)
  if (interpreter === '')
    return { seen: 'its first line names no interpreter', hint: `give it ${SHEBANG}`, isSure: true }
  if (!isExecutable(interpreter))
    return {
      seen: `its interpreter ${interpreter} is not there`,
      hint: 'install it, or name another in its first line',
      isSure: true,
    }
  const name = words.find(word => !word.startsWith('-') && !word.includes('='))
  if (basename(interpreter) === 'env' && name !== undefined && findProgram(name) === undefined)
    return {
      seen: `its interpreter ${name} is not in PATH`,
      hint: 'install it, or name another in its first line',
      isSure: true,
    }
  return undefined
}

function faultOfBinary(file: string): Unstartable | undefined {
  const elf = readElf(file)
  if (!elf || elf.interpreter === '')
    return { seen: 'it is a damaged program (its ELF header cannot be read)', hint: 'compile it again' }
  if (!isOurs(elf))
    return {
      seen: `it is a program for ${machineName(elf.machine)}, and this machine is ${OUR_MACHINE}`,
      hint: 'compile it on this machine',
    }
  if (elf.interpreter !== undefined && !isExecutable(elf.interpreter))
    return {
      seen: `the loader that it asks for, ${elf.interpreter}, is not there`,
      hint: 'compile it on this machine, or with -static',
    }
  return undefined
}

/**
 * What keeps the kernel from starting an executable file; `undefined` if nothing does that could be known beforehand.
 * @param file its path, as it is to be shown in a hint, too
 * @throws Error if it cannot be read
 */
export function whyUnstartable(file: string): Unstartable | undefined {
  const text = firstBytes(file)
  if (text === '') return { seen: 'it is empty', hint: 'was it saved?', isSure: true }
  if (text.startsWith('\x7fELF')) return faultOfBinary(file)
  if (text.startsWith(BYTE_ORDER_MARK))
    return {
      seen: 'it begins with a byte order mark, which the kernel takes for a part of its first line',
      hint: `sed -i '1s/^\\xef\\xbb\\xbf//' ${file}`,
      isSure: true,
    }
  if (text.startsWith('#!')) return faultOfScript(text.split('\n')[0] ?? '', file)
  return {
    seen: 'it is neither a compiled program nor a script with a first line that names its interpreter',
    hint: `give it ${SHEBANG}`,
  }
}

/** What reads a script that has no first line, by its name. */
const INTERPRETERS: Readonly<Record<string, string>> = { '.py': 'python3', '.sh': 'sh', '.bash': 'bash' }

/**
 * How the kernel would start a script if its file were executable: the interpreter of its first line, with the one
 * argument that the line may have. Without such a line its name says which.
 * @returns the words in front of its path; `undefined` if it is no script
 */
export function commandOfScript(file: string): readonly string[] | undefined {
  const line = firstBytes(file).split('\n')[0] ?? ''
  if (line.startsWith('#!')) {
    const [, interpreter = '', argument = ''] = /^#!\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? []
    return argument === '' ? [interpreter] : [interpreter, argument]
  }
  const name = INTERPRETERS[extname(file)]
  const found = name === undefined ? undefined : findProgram(name)
  return found === undefined ? undefined : [found]
}
