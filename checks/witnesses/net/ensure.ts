/**
 * Whether the judge can see packets here.
 */
import { CannotRun } from '../../../lib/errors.ts'
import { containerCommand } from '../../../lib/machine/container.ts'
import { EchoTap } from '../../../lib/net/echoes.ts'

/** @throws CannotRun where the kernel or the container gives no packet sockets, with the remedy */
export function ensurePacketSockets(): void {
  try {
    new EchoTap().close()
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    const remedy = code === 'EPERM' ? containerCommand() : 'modprobe af_packet'
    const cause = code === 'EPERM' ? ': this root lacks CAP_NET_RAW, as in a container of podman' : ''
    throw new CannotRun(`packets are seen by packet sockets, and ${message.split('\n')[0]}${cause}\nhint: ${remedy}`)
  }
}
