/**
 * A count of what a program could leave behind.
 */
import { groupOwner, groupsNamed } from '../../lib/group/cgroup.ts'
import { mounts } from '../../lib/mount/mount.ts'
import { namespaceInode } from '../../lib/namespaces.ts'
import { interfaceNames } from '../../lib/net/free-network.ts'

/** What is there, one line each. */
export type Census = ReadonlySet<string>

/**
 * The interfaces and mounts of the calling process's namespaces, and the groups that one process has made, by their names.
 * @param owner its PID, as the caller numbers it; without one no groups are counted
 */
export function takeCensus(owner?: number): Census {
  const namespace = namespaceInode('self', 'pid')
  const isOwners = (name: string) => {
    const found = groupOwner(name)
    return found?.pid === owner && found?.namespace === namespace
  }
  const groups = owner === undefined ? [] : groupsNamed(isOwners)
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
