/**
 * Who and what is in a sandbox now.
 */

import { inNamespace, type Namespaces, namespaces } from '../../lib/namespaces.ts'
import { links } from '../../lib/net/links.ts'
import { allPids, statusField } from '../../lib/trace/proc.ts'
import type { Observer } from '../observer/observer.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { mountLines } from '../witnesses/container.ts'

/** What is in the sandbox now beyond its own: for the claim that nothing is left behind. */
export function inSandbox({ init, groups }: Sandbox, own: Namespaces): string[] {
  const processes = allPids().filter(pid => pid !== init && isInside(pid, own))
  return [
    ...processes.map(pid => `process ${pid} (${statusField(pid, 'Name')})`),
    ...inNamespace(init, 'net', links).map(({ name }) => `interface ${name}`),
    ...mountLines(init).map(line => `mount ${line}`),
    ...groups.inner().map(path => `cgroup ${path}`),
  ]
}

function isInside(pid: number, { mnt, net, uts }: Namespaces): boolean {
  try {
    const its = namespaces(pid)
    return its.mnt === mnt || its.net === net || its.uts === uts
  } catch {
    return false
  }
}

/** Processes whose end was not seen and that are there: of one that was never traced nobody hears when it ends. */
export function survivors({ processes }: Observer): number[] {
  const alive = [...processes.values()].filter(({ status }) => !status)
  return alive.filter(({ pid, birth }) => isIn(pid, birth.namespaces.pid)).map(({ pid }) => pid)
}

function isIn(pid: number, pidNamespace: number): boolean {
  try {
    return namespaces(pid).pid === pidNamespace
  } catch {
    // ENOENT: it has ended.
    return false
  }
}
