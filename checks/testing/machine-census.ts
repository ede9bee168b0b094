/**
 * For tests of hostile programs: what of the machine they could change, and a bystander that they could harm.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { groupsNamed, ownName } from '../../lib/group/cgroup.ts'
import { libcFunction } from '../../lib/machine/libc.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { until } from '../../lib/machine/until.ts'
import { getpid, WNOHANG, waitpid } from '../../lib/process.ts'
import { childrenOf } from '../../lib/trace/proc.ts'
import { type Census, compareCensus, takeCensus } from '../judge/census.ts'

const FOLDERS = ['/', '/etc', '/run', '/dev', '/dev/shm', '/var/tmp', '/root', ROOT]
const PR_SET_CHILD_SUBREAPER = 36
/** How long other programs on the machine may take to clean up after themselves, in seconds. */
const PATIENCE = 10
const prctl = libcFunction('int prctl(int option, unsigned long arg2)')

/** Makes the calling process a subreaper: descendants that outlive their parents become its children. */
export function adoptDescendants(): void {
  prctl(PR_SET_CHILD_SUBREAPER, 1)
}

/** Files and listening sockets of the machine, in folders whose names hostile programs know how to find. */
export class Bystander {
  readonly #folders: readonly string[]
  readonly #servers: readonly Server[]
  /** How often a process has connected. */
  calls = 0

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'hostile-'))
    const other = join('/run', basename(folder))
    mkdirSync(other)
    this.#folders = [folder, other]
    for (const each of this.#folders) writeFileSync(join(each, 'canary'), 'alive')
    const addresses = [...this.#folders.map(each => join(each, 'listening')), `\0${basename(folder)}`]
    this.#servers = addresses.map(address => createServer(() => this.calls++).listen(address))
  }

  /** A folder for whatever a test needs. */
  get folder(): string {
    return this.#folders[0] as string
  }

  /** The canaries that are not as they were. */
  harm(): string[] {
    const isAlive = (path: string) => readFileSync(path, 'utf8') === 'alive'
    return this.#folders.map(each => join(each, 'canary')).filter(path => !isAlive(path))
  }

  close(): void {
    for (const server of this.#servers) server.close()
    for (const folder of this.#folders) rmSync(folder, { recursive: true })
  }
}

/** Whether a group has the name of a check whose judge, in this PID namespace, has ended. */
function isOrphan(name: string): boolean {
  const pid = name.startsWith(ownName('check', 0).slice(0, -1)) ? /\.(\d+)$/.exec(name)?.[1] : undefined
  return pid !== undefined && !existsSync(`/proc/${pid}`)
}

/** One line each for all that a hostile program could have changed. */
export function takeMachineCensus(): Census {
  const node = statSync(process.execPath)
  return new Set([
    ...takeCensus(),
    ...groupsNamed(isOrphan).map(path => `cgroup ${path}`),
    ...childrenOf(getpid()).map(pid => `process ${pid}`),
    ...FOLDERS.flatMap(folder => readdirSync(folder).map(name => `file ${join(folder, name)}`)),
    ...readdirSync(tmpdir())
      .filter(name => /^(check|hostile)/.test(name))
      .map(name => `file ${join(tmpdir(), name)}`),
    `host name ${hostname()}`,
    `/dev/null of mode ${statSync('/dev/null').mode.toString(8)}`,
    `${process.execPath} of ${node.size} bytes, changed at ${node.mtimeMs}`,
  ])
}

/** Reaps orphans that have ended. */
function reap(): void {
  for (const pid of childrenOf(getpid())) waitpid(pid, WNOHANG)
}

/**
 * What has changed, and stays changed. Groups that have vanished belonged to other programs; and a child that has may
 * be the compiler of the Node that this one has replaced, which kept its children.
 */
export function changesSince(before: Census): string[] {
  let changes: string[] = []
  until(() => {
    reap()
    changes = compareCensus(before, takeMachineCensus()).filter(line => !/^(cgroup|process) .* vanished$/.test(line))
    return changes.length === 0
  }, PATIENCE)
  return changes
}
