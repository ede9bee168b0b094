/**
 * Commands that mend something, for the machine at hand.
 */
import { type Engine, rootfulCommand } from '../../../lib/machine/container.ts'
import { installCommands, type Tool } from '../../../lib/machine/packages.mjs'
import type { Facts } from '../observe/facts.ts'

/** A command as this user has to type it for root's privileges: with sudo in front, unless it is root. */
export const asRoot = ({ user, become }: Facts, command: string): string =>
  user.uid === 0 ? command : `${become ?? 'sudo'} ${command}`

/** The same for what may be several commands. */
export const asRootShell = (facts: Facts, commands: string): string =>
  facts.user.uid === 0 || !/&&|\|/.test(commands) ? asRoot(facts, commands) : asRoot(facts, `sh -c '${commands}'`)

/** How the packages of some tools are installed, or what to look for where the distribution is not known. */
export function install({ distribution, user, become }: Facts, tools: readonly Tool[]): string {
  const prefix = user.uid === 0 ? [] : [become ?? 'sudo']
  const commands = installCommands(tools, distribution.family, prefix)
  if (commands.length > 0) return commands.map(words => words.join(' ')).join(' && ')
  return `install ${tools.join(' and ')} with the package manager of ${distribution.name}`
}

/** The engine of this container, if it is known how that starts a better one. */
export const engineOf = ({ container }: Facts): Engine | undefined =>
  container === 'docker' || container === 'podman' ? container : undefined

/** How a container is started in which everything works. */
export function betterContainer(facts: Facts): string {
  const { container, user } = facts
  const engine = container === undefined ? 'docker' : engineOf(facts)
  if (!engine) return 'start the container privileged, or work on its host'
  return rootfulCommand(engine, container !== undefined && user.uid === 0 && user.isMapped)
}
