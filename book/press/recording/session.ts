/**
 * One recorded session: the commands of a block, one after the other in one shell on the stage, and what they print.
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs'
import { basename, join } from 'node:path'
import { clone } from '../../../lib/clone.ts'
import { execve } from '../../../lib/exec.ts'
import * as F from '../../../lib/flags.ts'
import { makeGate, pipe } from '../../../lib/gate.ts'
import { openTerminal, takeTerminal } from '../../../lib/lab/pty.ts'
import { setWindowSize } from '../../../lib/lab/terminal.ts'
import { dup2 } from '../../../lib/machine/descriptors.ts'
import { poll } from '../../../lib/machine/poll.ts'
import { unshare } from '../../../lib/namespaces.ts'
import { setip } from '../../../lib/net/interfaces.ts'
import { getpid, kill, setsid, waitpid } from '../../../lib/process.ts'
import { type Performance, typeAt } from './keys.ts'
import type { Recording } from './recording.ts'
import { buildStage, enterStage, staged } from './stage.ts'
import { stageEnvironment, USER } from './stage-programs.ts'

/** How long a session may take, in seconds: in a guest without KVM, on a machine with other work, some took 900. */
const LONGEST = 3600
const ADDRESS = '192.168.1.20'

/** The result of a session. */
export interface Session {
  /** The lines of the block, as they have to stand in the chapter. */
  readonly lines: readonly string[]
  /** The exit code of each command. */
  readonly codes: readonly number[]
  /** A PID from just before the session and one from just after it: those of the session lie between them. */
  readonly pids: readonly [number, number]
  /** What was drawn, if anything was to be. */
  readonly plot?: string
  /** Why there is no session. */
  readonly fault?: string
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/**
 * A shell script that runs the commands and marks where each begins and how it ended. Its function sudo runs a command
 * without sudo, because it is root already, and as the real one it cannot run functions of the shell.
 */
function script(commands: readonly string[], mark: string, isByUser: boolean): string {
  const sudo = isByUser
    ? ''
    : 'sudo() { case $1 in -*) echo "sudo $1 cannot be recorded" >&2; return 1;; esac; command env "$@"; }\n'
  const each = (command: string) => `eval ${quote(command)}\nprintf '\\n%s %d\\n' ${mark} $?`
  return sudo + commands.map(each).join('\n')
}

/** Reads until the other end is closed. @returns the text, and whether the time was enough */
function drain(fd: number): { readonly text: string; readonly isWhole: boolean } {
  const end = performance.now() + LONGEST * 1000
  const chunks: Buffer[] = []
  const buffer = Buffer.alloc(65536)
  for (;;) {
    const left = (end - performance.now()) / 1000
    if (left <= 0 || poll([fd], left).length === 0) return { text: Buffer.concat(chunks).toString(), isWhole: false }
    const length = readSync(fd, buffer)
    if (length === 0) return { text: Buffer.concat(chunks).toString(), isWhole: true }
    chunks.push(Buffer.from(buffer.subarray(0, length)))
  }
}

/** Starts a shell on the stage. @param prepare gives it its descriptors, once it is there. @returns its PID */
function start(recording: Recording, text: string, prepare: () => void): number {
  const mayStart = makeGate()
  const flags = F.CLONE_NEWNS | F.CLONE_NEWNET | F.CLONE_NEWUTS | F.CLONE_NEWIPC | F.SIGCHLD
  const pid = clone(() => {
    mayStart.wait()
    enterStage()
    setip('eth0', ADDRESS, '255.255.255.0')
    setsid()
    prepare()
    const shell = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh'
    const user = ['setpriv', `--reuid=${USER.id}`, `--regid=${USER.id}`, '--clear-groups']
    const argv = [...(recording.isByUser ? user : ['env']), shell, '-c', text]
    execve(`/usr/bin/${argv[0]}`, argv, stageEnvironment())
  }, flags)
  // A real machine has a network interface. The other end of this one is connected to nothing.
  const ip = (...words: string[]) => spawnSync('ip', words, { stdio: ['ignore', 'ignore', 2] })
  ip('link', 'add', 'net0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid))
  ip('link', 'set', 'net0', 'up')
  mayStart.open()
  return pid
}

/** The lines that a block holds after a run: each command, and behind it what was printed. */
function compose(commands: readonly string[], output: string, mark: string): { lines: string[]; codes: number[] } {
  const parts = output.split(new RegExp(`\\n?\\n${mark} (\\d+)\\n`))
  const codes = commands.map((_, i) => Number(parts[2 * i + 1] ?? -1))
  const lines = commands.flatMap((command, i) => {
    const shown = (parts[2 * i] ?? '').replace(/\n$/, '')
    return [...`$ ${command.replaceAll('\n', '\n> ')}`.split('\n'), ...(shown ? shown.split('\n') : [])]
  })
  return { lines: lines.map(line => line.trimEnd()), codes }
}

function perform(recording: Recording): Performance {
  if (recording.isAtTerminal) return performAtTerminal(recording)
  const mark = `mark-${randomBytes(6).toString('hex')}`
  const { readEnd, writeEnd } = pipe()
  const pid = start(recording, script(recording.commands, mark, recording.isByUser), () => {
    dup2(openSync('/dev/null', 'r'), 0)
    for (const fd of [1, 2]) dup2(writeEnd, fd)
  })
  closeSync(writeEnd)
  const { text, isWhole } = drain(readEnd)
  if (!isWhole) kill(-pid, 'SIGKILL')
  waitpid(pid)
  const seen = compose(recording.commands, text, mark)
  return isWhole ? seen : { ...seen, fault: `it was not over after ${LONGEST} s` }
}

function performAtTerminal(recording: Recording): Performance {
  const { master, number } = openTerminal('/dev/pts')
  setWindowSize(master, { rows: 24, columns: 80 })
  const [command = ''] = recording.commands
  const pid = start(recording, script([], '', recording.isByUser) + command, () => takeTerminal(`/dev/pts/${number}`))
  const { lines, fault } = typeAt(master, recording.typed, LONGEST)
  if (fault) kill(-pid, 'SIGKILL')
  const { code } = waitpid(pid)
  return { lines: [`$ ${command}`, ...lines], codes: [code ?? -1], ...(fault ? { fault } : {}) }
}

/** What is wrong with the exit codes of a session. */
function wrongCode({ commands, exit }: Recording, codes: readonly number[]): string | undefined {
  const at = codes.findIndex(code => code !== 0 && code !== exit)
  if (at >= 0) return `${commands[at]}: exit code ${codes[at]}`
  return exit !== 0 && !codes.includes(exit) ? `no command ended with exit code ${exit}` : undefined
}

/**
 * Runs a session. To be called in a process that does nothing else: it leaves its mount and network namespaces.
 * @param bundles of `stageBundles`
 */
export function runSession(recording: Recording, bundles: ReadonlyMap<string, string>): Session {
  unshare(F.CLONE_NEWNS | F.CLONE_NEWNET)
  buildStage(bundles)
  const first = getpid()
  const { lines, codes, fault } = perform(recording)
  const last = spawnSync('true').pid
  const wrong = fault ?? wrongCode(recording, codes)
  const file = recording.plot === undefined ? undefined : staged(join('mine', basename(recording.plot)))
  const plot = file && existsSync(file) ? readFileSync(file, 'utf8') : undefined
  const missing = file && plot === undefined ? `no command has drawn mine/${basename(file)}` : undefined
  const why = wrong ?? missing
  return {
    lines,
    codes,
    pids: [first, last],
    ...(plot === undefined ? {} : { plot }),
    ...(why === undefined ? {} : { fault: why }),
  }
}
