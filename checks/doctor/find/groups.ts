/**
 * Findings about control groups.
 */
import { handOver } from '../../../lib/group/delegation.ts'
import type { Controller } from '../../../lib/group/hierarchies.ts'
import { describeObstacle } from '../../../lib/group/obstacle.ts'
import { withProgram } from '../../../lib/machine/packages.mjs'
import type { Facts } from '../observe/facts.ts'
import { finding } from './finding.ts'
import { asRoot, betterContainer, engineOf } from './remedies.ts'

const LAYOUTS = {
  v1: 'v1: a tree of groups for each controller',
  v2: 'v2: one tree for all controllers',
  hybrid: 'hybrid: both v1 and v2, each controller in one of them',
  none: 'no tree of groups is mounted whole',
}

function dialect(facts: Facts) {
  const title = 'the dialect of control groups'
  const { layout } = facts.cgroups
  if (layout !== 'none') return finding('cgroups', title, 'good', LAYOUTS[layout])
  const mounting = () => withProgram('mount', asRoot(facts, 'mount -t cgroup2 none /sys/fs/cgroup'))
  const remedy = facts.container ? betterContainer(facts) : mounting()
  return finding('cgroups', title, 'missing', LAYOUTS.none, { cause: 'labs 5 and 6 make groups', remedy })
}

function controller(facts: Facts, id: Controller) {
  const title = `groups with the ${id}${id === 'memory' ? ' controller' : ''}`
  const { hierarchy, fault = '', obstacle } = facts.cgroups[id]
  if (!hierarchy) {
    const [cause, remedy] = fault.split('\nhint: ')
    return finding(id, title, 'missing', 'none', { cause, remedy: engineOf(facts) ? betterContainer(facts) : remedy })
  }
  const seen = `${hierarchy.path} (${hierarchy.dialect})`
  if (!obstacle) return finding(id, title, 'good', seen)
  const { user, become } = facts
  const isRoot = user.uid === 0
  const asking = { isRoot, become, container: engineOf(facts), isMapped: isRoot && user.isMapped }
  return finding(id, title, 'missing', seen, describeObstacle(obstacle, hierarchy.path, asking))
}

/** A group of an ordinary user's own. */
function delegated(facts: Facts, id: Controller) {
  const title = `a ${id} group that is ${facts.ordinary ?? 'an ordinary user'}'s own`
  const { hierarchy, home } = facts.cgroups[id]
  const name = `delegated-${id}` as const
  if (home) return finding(name, title, 'good', home)
  const cause = 'whoever is not root makes groups only in one that root has handed over'
  const commands = hierarchy ? handOver({ ...hierarchy, controllers: [] }, id).join('\n') : undefined
  // Typed by root, the commands would hand the group over to root.
  const remedy =
    facts.user.uid === 0 ? commands?.replaceAll('$USER', facts.ordinary ?? 'USER').replaceAll('sudo ', '') : commands
  return finding(name, title, 'missing', 'none', { cause, remedy })
}

function bounds({ cgroups }: Facts) {
  const title = 'the bounds of a check'
  if (cgroups.pids && cgroups.memory.hierarchy) return finding('bounds', title, 'good', 'processes, memory and time')
  const lacking = [...(cgroups.pids ? [] : ['pids']), ...(cgroups.memory.hierarchy ? [] : ['memory'])].join(' and ')
  const cause = 'a program that forks or fills memory without end is stopped by its time alone'
  return finding('bounds', title, 'limited', `no controller ${lacking}`, { cause })
}

function swap(facts: Facts) {
  const title = 'limits on swap'
  const { swaps, swapLimit } = facts.cgroups
  if (!swaps) return finding('swap', title, 'good', 'this machine does not swap')
  if (swapLimit) return finding('swap', title, 'good', 'groups have them')
  const cause = 'a process that goes to swap is not killed, and lab 5 is about that'
  const remedy = `${asRoot(facts, 'swapoff -a')}, for the time of the lab; or boot with swapaccount=1`
  if (swapLimit === undefined)
    return finding('swap', title, 'unknown', 'no group is there to look at', { cause, remedy })
  return finding('swap', title, 'missing', 'the machine swaps, and groups have none', { cause, remedy })
}

/** What is said of control groups. */
export const groupFindings = (facts: Facts) => [
  dialect(facts),
  controller(facts, 'memory'),
  controller(facts, 'freezer'),
  delegated(facts, 'memory'),
  delegated(facts, 'freezer'),
  bounds(facts),
  swap(facts),
]
