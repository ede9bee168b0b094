/**
 * What an event says, in one line of words. The calls look as strace(1) and the labs write them.
 */
import type { Of, StoryEvent } from '../../observer/story/event.ts'
import { groupName, type Names } from './names.ts'

/** Flags that a C library sets for itself whenever it forks. */
const OF_LIBC = /\b(CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|CLONE_PARENT_SETTID)\b\|?/g
const LONGEST = 160

const cut = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text)
const quote = (text: string) => `"${text}"`
const bytes = (number: number | null) => (number === null ? 'none' : `${number.toLocaleString('en')} bytes`)
/** A call without an answer was never answered: its caller did not live to see it. */
const answered = (answer: string | undefined) =>
  answer === 'done' ? '' : answer === undefined ? ': it did not live to see the answer' : `: ${answer}`

/** A clone as its caller wrote it. */
export function callOf({ call, flags, isThread }: Of<'clone'>): string {
  if (isThread) return 'makes a thread'
  const own = flags.replace(OF_LIBC, '').replace(/\|$/, '')
  if (call === 'vfork' || call === 'fork') return `${call}()`
  return own === 'SIGCHLD' || own === '' ? 'fork()' : `clone(${own})`
}

function ofClone(what: Of<'clone'>, names: Names): string {
  const call = callOf(what)
  if (what.child === undefined) return `${call}: ${what.answer}`
  const [outer, inner] = [names.outside(what.child), names.inside(what.child)]
  if (what.isThread) return `${call}, ${outer}`
  return `${call} = ${outer}${inner === undefined ? '' : `, which is ${inner} inside`}`
}

function ofSignal({ call, signal, number, target, answer }: Of<'signal'>, names: Names): string {
  const text = `${call}(${number}, ${signal})${answered(answer)}`
  const outer = target === undefined ? undefined : names.outside(target)
  return outer === undefined || outer === number ? text : `${text}, to ${names.both(target ?? 0)}`
}

function ofWrite({ group, file, text, answer, limit, joined, left }: Of<'write'>, names: Names): string {
  const parts = [
    ...(limit ? [`its limit is ${bytes(limit.to)}, before that ${bytes(limit.from)}`] : []),
    ...(joined ? [`${names.list(joined)} ${joined.length > 1 ? 'are' : 'is'} in it now`] : []),
    ...(left ? [`${names.list(left)} ${left.length > 1 ? 'have' : 'has'} left it`] : []),
  ]
  const effect = parts.length > 0 ? `; ${parts.join('; ')}` : ''
  return `writes ${text} to ${groupName(group)}/${file}${answered(answer)}${effect}`
}

function ofLink({ change, name, type, was, bridge }: Of<'link'>, where: string): string {
  switch (change) {
    case 'appeared':
      return `${name}${type === undefined ? '' : `, a ${type},`} is there now${where}`
    case 'vanished':
      return `${name} is gone${where}`
    case 'renamed':
      return `${was} is called ${name} now${where}`
    case 'joined':
      return `${name} is a port of ${bridge} now${where}`
    case 'left':
      return `${name} is no longer a port of ${bridge}${where}`
    default:
      return `${name} is ${change}${where}`
  }
}

function ofRoute({ change, destination, link, gateway }: Of<'route'>, where: string): string {
  const by = [gateway === undefined ? '' : ` by ${gateway}`, link === undefined ? '' : ` through ${link}`].join('')
  const verb = change === 'added' ? 'goes' : 'goes no more'
  return `what is for ${destination} ${verb}${by}${where}`
}

function ofPacket({ echo, way, link, source, target, sequence }: Of<'packet'>): string {
  const verb = way === 'out' ? 'leaves by' : way === 'in' ? 'arrives at' : 'passes, for somebody else, by'
  return `echo ${echo} ${sequence} from ${source} to ${target} ${verb} ${link}`
}

const MEANS = {
  connects: 'SYN',
  accepts: 'SYN, ACK',
  asks: 'question',
  answers: 'answer',
  'time is up': 'time exceeded',
}

function ofSegment({ says, way, link, source, target, name, addresses }: Of<'segment'>, where: string): string {
  const verb = way === 'out' ? 'leaves by' : way === 'in' ? 'arrives at' : 'passes, for somebody else, by'
  const known = addresses?.length ? ` is ${addresses.join(', ')}` : addresses ? ' is nobody' : ''
  const about = name === undefined ? '' : ` (${name}${known})`
  return `${MEANS[says]}${about} from ${source} to ${target} ${verb} ${link}${where}`
}

function ofConnection({ original, reply, changes }: Of<'connection'>, where: string): string {
  const what = changes === 'both' ? 'source and target' : `the ${changes}`
  return `remembers ${original}, answered by ${reply}: NAT changes ${what}${where}`
}

function ofPlace(what: Of<'close'> | Of<'chdir'>, names: Names): string {
  const call = what.kind === 'close' ? `close(${what.descriptors.join(', ')})` : `chdir(${quote(what.path)})`
  const both = what.alsoOf === undefined ? '' : `; and so it is for ${names.both(what.alsoOf)}`
  return `${call}${answered(what.answer)}${both}`
}

const ofUser = ({ inside, outside }: { readonly inside: number; readonly outside: number }) =>
  `user ${inside} inside, ${outside} outside`

/** The sets that nothing is in are not named. */
function ofRights({ inside, outside, sets, noNewPrivs }: Of<'rights'>): string {
  const parts = Object.entries(sets).flatMap(([name, count]) => (count > 0 ? [`${name} ${count}`] : []))
  const powers = parts.length > 0 ? `capabilities: ${parts.join(', ')}` : 'no capabilities'
  return `is ${ofUser({ inside, outside })}; ${powers}${noNewPrivs ? '; no_new_privs' : ''}`
}

/** A pipe and a socket have numbers that mean nothing to a reader. */
function ofWait({ call, file }: Of<'waits'>): string {
  if (call === 'nothing') return 'still computes'
  if (call === 'stopped') return 'is still stopped'
  const [, kind] = /^(pipe|socket):/.exec(file ?? '') ?? []
  const of = file === undefined ? '' : ` of ${kind === undefined ? file : `a ${kind}`}`
  return `still waits in ${call}()${of}`
}

const IN_LAYER = {
  copied: 'is copied up into the upper layer',
  added: 'is new in the upper layer',
  removed: 'is removed: a whiteout in the upper layer',
  opaque: 'is an opaque directory in the upper layer',
}

function ofEscape({ to, path }: Of<'escape'>): string {
  if (to === 'own root') return 'has walked up from outside of its root, and is where its container begins'
  return `has walked up from outside of its root, to ${to === 'below' ? `${path} of its container` : `${path}, which is outside of its container`}`
}

function ofSpread({ by, inside, outside }: Of<'spread'>): string {
  const inner = inside.length > 0 ? `inside below what is ${[...new Set(inside)].join(', ')}` : ''
  const outer = outside.length > 0 ? `outside at ${outside.join(', ')}` : ''
  return `what is mounted ${by} appears ${[inner, outer].filter(Boolean).join(', and ')}`
}

/** A line that was typed, without its end, which a report spells out. */
const oneLine = (text: string) => text.replace(/(\s|\\n)+$/, '')
const MB = 1e6
const megabytes = (number: number) => (number / MB).toFixed(1)

function inFull({ what, who }: StoryEvent, names: Names): string {
  const where = 'network' in what ? names.network(what.network, who?.pid) : ''
  switch (what.kind) {
    case 'clone':
      return ofClone(what, names)
    case 'birth':
      return `is born; it was made by ${names.both(what.parent)}`
    case 'exec':
      return `runs ${what.words.join(' ') || what.file}`
    case 'exit':
      return what.signal === undefined ? `ends with exit code ${what.code}` : `is ended by ${what.signal}`
    case 'signal':
      return ofSignal(what, names)
    case 'unshare':
    case 'setns':
      return `${what.kind}(${what.flags})${answered(what.answer)}`
    case 'mount': {
      const words = [quote(what.source), quote(what.target), what.type && quote(what.type)].filter(Boolean)
      return `mount(${words.join(', ')}${what.flags === '0' ? '' : `, ${what.flags}`})${answered(what.answer)}`
    }
    case 'umount':
      return `umount(${quote(what.target)})${answered(what.answer)}`
    case 'pivot_root':
      return `pivot_root(${quote(what.target)}, ${quote(what.old)})${answered(what.answer)}`
    case 'chroot':
      return `chroot(${quote(what.target)})${answered(what.answer)}`
    case 'hostname':
      return `sethostname(${quote(what.name)})${answered(what.answer)}`
    case 'close':
    case 'chdir':
      return ofPlace(what, names)
    case 'link':
      return ofLink(what, where)
    case 'address':
      return `${what.link} ${what.change === 'added' ? 'has' : 'has no longer'} ${what.address}${where}`
    case 'route':
      return ofRoute(what, where)
    case 'packet':
      return ofPacket(what)
    case 'segment':
      return ofSegment(what, where)
    case 'connection':
      return ofConnection(what, where)
    case 'rule':
      return `a rule of table ${what.table}, chain ${what.chain}, does ${what.does}${where}`
    case 'group':
      return `${what.change === 'made' ? 'mkdir' : 'rmdir'} ${groupName(what.group)}${answered(what.answer)}`
    case 'write':
      return ofWrite(what, names)
    case 'memory':
      return `${groupName(what.group)} holds ${megabytes(what.usage)} MB${what.limit === null ? '' : ` of ${megabytes(what.limit)}`}`
    case 'oom':
      return `is killed by the kernel: ${groupName(what.group)} is at its limit of ${bytes(what.limit)}`
    case 'freezer':
      return `${groupName(what.group)} is ${what.state}${what.members.length > 0 ? `, with ${names.list(what.members)} in it` : ''}`
    case 'map':
      return `writes ${what.text} to ${what.file}${answered(what.answer)}`
    case 'rights':
      return ofRights(what)
    case 'file':
      return `${what.call}(${quote(what.path)})${answered(what.answer)}${what.owner ? `; it belongs to ${ofUser(what.owner)}` : ''}`
    case 'overlay':
      return `${what.target} shows ${what.lower.join(' over ')}, and what is written goes into an upper layer`
    case 'layer':
      return `/${what.path} ${IN_LAYER[what.change]}`
    case 'escape':
      return ofEscape(what)
    case 'volume':
      return what.answer === 'done'
        ? `writes to the volume ${what.target}`
        : `may not write to ${what.target}: ${what.answer}`
    case 'spread':
      return ofSpread(what)
    case 'typed':
      return `types ${oneLine(what.text)}`
    case 'read':
      return `reads ${oneLine(what.text)}`
    case 'answered':
      return `ends with exit code ${what.code}, ${what.flaw ?? 'which is the answer'}`
    case 'waits':
      return ofWait(what)
    case 'timeout':
      return `ends the program: its ${what.seconds} s are over`
    case 'unknown':
      return `could not look at ${what.text}`
  }
}

/** What happened, as a line. */
export const inWords = (event: StoryEvent, names: Names): string => cut(inFull(event, names))
