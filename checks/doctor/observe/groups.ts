/**
 * Control groups, judged without making any: where they are mounted and how, what is enabled, and who may write there.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { homesWith } from '../../../lib/group/delegation.ts'
import {
  type Controller,
  hierarchies,
  hierarchiesWith,
  hierarchyWith,
  layout,
  wordsOf,
} from '../../../lib/group/hierarchies.ts'
import { machineSwaps } from '../../../lib/group/memory.ts'
import { obstacleIn } from '../../../lib/group/obstacle.ts'
import { canAskSystemd } from '../../../lib/group/systemd.ts'
import { asOrdinaryUser } from './attempt.ts'
import type { ControllerFacts, Facts } from './facts.ts'

/**
 * Where the caller's own systemd would make a group with the controller. It is not asked, because then it would make
 * one.
 */
function scopeWith(controller: Controller): string | undefined {
  const hierarchy = hierarchiesWith(controller).find(({ dialect }) => dialect === 'v2')
  const uid = process.geteuid?.()
  if (!hierarchy || !canAskSystemd()) return undefined
  const manager = join(hierarchy.path, 'user.slice', `user-${uid}.slice`, `user@${uid}.service`)
  const controllers = wordsOf(join(manager, 'cgroup.controllers'))
  const has = controllers.includes(controller) || (controller === 'freezer' && existsSync(manager))
  return has ? `${manager}, by systemd-run` : undefined
}

function homesOfOrdinaryUser(): Partial<Record<Controller, string | undefined>> {
  const outcome = asOrdinaryUser(() => ({
    memory: homesWith('memory')[0]?.path ?? scopeWith('memory'),
    freezer: homesWith('freezer')[0]?.path ?? scopeWith('freezer'),
  }))
  return 'value' in outcome ? outcome.value : {}
}

function observeController(controller: Controller, home: string | undefined): ControllerFacts {
  const [hierarchy] = hierarchiesWith(controller)
  if (!hierarchy) return { hierarchy, fault: fault(controller), obstacle: undefined, home }
  const { path, dialect } = hierarchy
  return { hierarchy: { path, dialect }, obstacle: obstacleIn(hierarchy, controller), home }
}

/** The error that a lab would print. */
function fault(controller: Controller): string {
  try {
    return hierarchyWith(controller).path
  } catch (error) {
    return (error as Error).message
  }
}

/** Whether swap can be limited for a group, by the files of one that is there. The top of v2 has no limits. */
function swapLimit(): boolean | undefined {
  const [hierarchy] = hierarchiesWith('memory')
  if (!hierarchy) return undefined
  const { path, dialect } = hierarchy
  if (dialect === 'v1')
    return ['memory.memsw.limit_in_bytes', 'memory.swappiness'].some(file => existsSync(join(path, file)))
  const groups = readdirSync(path, { withFileTypes: true }).filter(entry => entry.isDirectory())
  const limited = groups.map(({ name }) => join(path, name)).find(group => existsSync(join(group, 'memory.max')))
  return limited === undefined ? undefined : existsSync(join(limited, 'memory.swap.max'))
}

export function observeGroups(): Facts['cgroups'] {
  const homes = homesOfOrdinaryUser()
  return {
    layout: layout(),
    memory: observeController('memory', homes.memory),
    freezer: observeController('freezer', homes.freezer),
    pids: hierarchies().some(({ controllers }) => controllers.includes('pids')),
    swaps: machineSwaps(),
    swapLimit: swapLimit(),
  }
}
