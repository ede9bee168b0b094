/**
 * How a command is typed for root: sudo looks for programs in its own PATH, where a Node that nvm has installed is not.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Where sudo looks unless told otherwise: `secure_path` of the distributions. @see sudoers(5) */
const SECURE_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin', '/snap/bin']

/** The beginning of a command that has its user's own PATH under sudo, too. */
export const SUDO_WITH_PATH = 'sudo env "PATH=$PATH"'

/** Whether sudo finds a program. @param folders where it looks */
export const sudoFinds = (program: string, folders: readonly string[] = SECURE_PATH): boolean =>
  folders.some(folder => existsSync(join(folder, program)))

/**
 * A command with sudo in front, so that sudo finds its program.
 * @param command as its user types it, `npx tsx labs/03-newnet.ts`
 * @param folders where sudo looks
 */
export function withSudo(command: string, folders: readonly string[] = SECURE_PATH): string {
  const [program = ''] = command.split(' ')
  return `${sudoFinds(program, folders) ? 'sudo' : SUDO_WITH_PATH} ${command}`
}
