/**
 * Commands that mend something, for the machine at hand.
 */
import { installCommands, type Tool } from '../../../lib/machine/packages.mjs'
import type { Facts } from '../observe/facts.ts'

/** A command as this user has to type it for root's privileges: with sudo in front, unless it is root. */
export const asRoot = ({ user, become }: Facts, command: string): string =>
  user.uid === 0 ? command : `${become ?? 'sudo'} ${command}`

/** The same for more than one word: a redirection, a loop. */
export const asRootShell = (facts: Facts, script: string): string =>
  facts.user.uid === 0 ? script : asRoot(facts, `sh -c '${script}'`)

/** How the packages of some tools are installed, or what to look for where the distribution is not known. */
export function install({ distribution, user, become }: Facts, tools: readonly Tool[]): string {
  const prefix = user.uid === 0 ? [] : [become ?? 'sudo']
  const commands = installCommands(tools, distribution.family, prefix)
  if (commands.length > 0) return commands.map(words => words.join(' ')).join(' && ')
  return `install ${tools.join(' and ')} with the package manager of ${distribution.name}`
}

/** How a container is started in which everything works. */
export function betterContainer({ container }: Facts): string {
  if (container === 'docker' || container === 'podman')
    return `${container} run -it --privileged --cgroupns=host -v "$PWD":/work -w /work IMAGE`
  return 'start the container privileged, or work on its host'
}
