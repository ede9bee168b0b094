/**
 * A bridge that a lab has made in the machine's own network. Its alias says whose it is and how the machine was set before,
 * so that all of it can be taken back by somebody else when the lab and its keeper were killed.
 */
import { ownTag } from '../../native/tag.ts'
import { removeTable } from '../net/nat/firewall.ts'
import { aliases, deleteLink, setAlias } from '../net/rtnetlink/links.ts'
import { changeSetting, setting } from '../net/settings.ts'
import { ownerOfTag } from './drafts.ts'
import { keep } from './keeper.ts'
import { type Fate, fateOf } from './owner.ts'

/** How the alias of such a bridge begins. */
const MARK = 'containers-from-clone.lab9.'
/** What the alias may say of settings: nothing else is written, whoever has written the alias. */
const SETTING = /^(net\.ipv4\.ip_forward|net\.ipv6\.conf\.all\.forwarding)=([01])$/

/** Settings of the machine by name, as they were before. */
export type SettingsBefore = Readonly<Record<string, string>>

/** The table of rules that belongs to a bridge. */
export const tableOf = (bridge: string): string => `lab9_${bridge}`

/**
 * Writes into the alias of a bridge, in the calling thread's network, that it is the calling process's.
 * @param before what the process is going to change
 * @throws SyscallError ENODEV, EPERM
 * @see ip-link(8): `ip link set NAME alias TEXT`
 */
export const markBridge = (bridge: string, before: SettingsBefore): void =>
  writeMark(bridge, `${MARK}${ownTag()}`, before)

function writeMark(bridge: string, mark: string, before: SettingsBefore): void {
  const settings = Object.entries(before).map(([name, value]) => ` ${name}=${value}`)
  setAlias(bridge, `${mark}${settings.join('')}`)
}

/** Does something with a bridge, unless that is gone. @returns whether it was still there */
function whileThere(action: () => void): boolean {
  try {
    action()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENODEV') throw error
    return false
  }
}

/**
 * Puts settings back, or leaves that to whoever has made the next marked bridge: they need the settings as they are, and
 * took for the machine's own what the first one had written.
 */
function restore(bridge: string, before: SettingsBefore): void {
  const marked = markedBridges()
  const own = marked.find(({ name }) => name === bridge)
  const settings = { ...before, ...own?.before }
  const next = own && marked.find(({ index }) => index > own.index)
  if (next && whileThere(() => writeMark(next.name, next.mark, { ...next.before, ...settings }))) return
  for (const [name, value] of Object.entries(settings)) changeSetting(name, value)
}

/**
 * Takes back what a network namespace of its own would have taken along: rules, settings and the bridge. What is gone
 * already need not go.
 * @param before what the settings were, where the bridge's mark does not say it
 * @throws SyscallError EPERM; CannotRun where a setting cannot be written
 */
export function takeBack(bridge: string, before: SettingsBefore): void {
  removeTable(tableOf(bridge))
  restore(bridge, before)
  whileThere(() => deleteLink(bridge))
}

/** A process that takes a bridge back. */
export interface BridgeKeeper {
  /** To be called when the bridge is there: if the keeper is killed as well, `npm run clean` finds it by its mark. */
  mark(): void
  /** Takes the bridge back, and the keeper has nothing to do any more. */
  cleanUp(): void
}

/**
 * Starts a process that takes a bridge back when the calling one has ended, however that came about. It is started before
 * there is anything to take back.
 * @param bridge its name
 * @param settings names of those that the calling process is going to change, `net.ipv4.ip_forward`
 * @throws SyscallError EAGAIN, EMFILE
 */
export function keepBridge(bridge: string, settings: readonly string[]): BridgeKeeper {
  const before = Object.fromEntries(settings.map(name => [name, setting(name) ?? '']))
  const keeper = keep(() => takeBack(bridge, before))
  return {
    mark: () => markBridge(bridge, before),
    cleanUp: () => {
      takeBack(bridge, before)
      keeper.release()
    },
  }
}

/** A bridge that bears such a mark. */
export interface MarkedBridge {
  readonly name: string
  readonly index: number
  /** What in its alias says whose it is. */
  readonly mark: string
  /** Whether whoever made it still runs. */
  readonly fate: Fate
  readonly before: SettingsBefore
}

/** The marked bridges of the calling thread's network, the oldest first. @throws SyscallError EMFILE */
export function markedBridges(): MarkedBridge[] {
  const found = aliases().flatMap(({ index, name, alias }) => {
    const [mark = '', ...settings] = alias.split(' ')
    const owner = mark.startsWith(MARK) ? ownerOfTag(mark.slice(MARK.length)) : undefined
    if (!owner) return []
    const pairs = settings.flatMap(text => {
      const [, setting, value] = SETTING.exec(text) ?? []
      return setting === undefined || value === undefined ? [] : [[setting, value] as const]
    })
    return [{ name, index, mark, fate: fateOf(owner), before: Object.fromEntries(pairs) }]
  })
  return found.sort((one, other) => one.index - other.index)
}
