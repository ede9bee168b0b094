/**
 * The lines of a story that a failed claim is about, as far as its words tell: what it asks for is what one looks for in
 * what happened.
 */
import type { Kind, Told } from '../../observer/story/event.ts'
import { fold, linesThatCount, type StoryLine } from './lines.ts'

/** How many lines are shown at most. */
const MOST = 5

/** What a claim is about by its title, and the kinds of events that show it. The first that fits counts. */
const ABOUT: readonly (readonly [RegExp, readonly Kind[]])[] = [
  [/\b(capability|set-user-ID)\b/, ['rights', 'exec']],
  [
    /\b(inside|refused|outside)\b.*\b(user|map|file|owner|level)\b/,
    ['map', 'rights', 'file', 'hostname', 'mount', 'unshare'],
  ],
  [/\becho\b/, ['packet', 'link', 'address']],
  [/\b(SIGKILL|kills|signal|sent)\b/, ['signal', 'exit', 'oom']],
  [/\b(limit|limited|grew|counter|kernel's log|memory group)\b/, ['write', 'group', 'memory', 'oom', 'exit']],
  [/\b(frozen|FROZEN|freezer|thaw)\b/, ['write', 'group', 'freezer', 'signal']],
  [/\b(closes|goes|copy|shared)\b/, ['close', 'chdir', 'clone']],
  [/\b(pair|interfaces|end)\b.*\b(lo|outside|inner)\b/, ['link', 'address', 'route']],
  [/host name/, ['hostname', 'unshare', 'setns', 'clone']],
  [/\b(root|mounts|\/proc)\b/, ['mount', 'umount', 'pivot_root', 'chroot']],
  [/\b(typed|answered)\b/, ['typed', 'read', 'answered']],
  [/\b(left behind)\b/, ['group', 'link', 'mount', 'exit']],
  [/\b(namespace|namespaces|children)\b/, ['clone', 'unshare', 'setns']],
  [/\b(ends|end|outlive|died)\b/, ['exit', 'signal', 'waits', 'timeout', 'oom']],
]

/** The last lines that concern a claim; where its words do not tell, the last lines of all. */
export function concerning(told: Told, { title }: { readonly title: string }): readonly StoryLine[] {
  const kinds = ABOUT.find(([words]) => words.test(title))?.[1] ?? []
  const all = linesThatCount(told)
  const own = fold(all.filter(({ event }) => kinds.includes(event.what.kind)))
  return (own.length > 0 ? own : fold(all)).slice(-MOST)
}
