/**
 * A count of what a program could leave behind.
 */
import { groupsNamed } from '../../lib/group/cgroup.ts'
import { mounts } from '../../lib/mount/mount.ts'
import { interfaceNames } from '../../lib/net/free-network.ts'

/** What is there, one line each. */
export type Census = ReadonlySet<string>

/** The interfaces and mounts of the calling process's namespaces, and the groups that carry `mark` in their name. */
export function takeCensus(mark: string): Census {
  const groups = groupsNamed(name => name.includes(mark))
  return new Set([
    ...interfaceNames().map(name => `interface ${name}`),
    ...mounts().map(({ target, type, source }) => `mount ${target} (${type} ${source})`),
    ...groups.map(path => `cgroup ${path}`),
  ])
}

/** What the second census has more or less than the first. */
export function compareCensus(before: Census, after: Census): string[] {
  const appeared = [...after].filter(line => !before.has(line)).map(line => `${line} appeared`)
  const vanished = [...before].filter(line => !after.has(line)).map(line => `${line} vanished`)
  return [...appeared, ...vanished]
}
