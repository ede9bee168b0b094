/**
 * What every change of a network has in common: a socket of the moment, one message, and the kernel's answer to it.
 */
import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import { argumentError, syscallError } from '../../errors.ts'
import { toLink } from '../links.ts'
import { change, dump, NETLINK, openNetlink, SIZES } from '../netlink.ts'

/** Runs an action with a socket to the networks of the calling thread's namespace. */
function withNetlink<T>(action: (fd: number) => T): T {
  const fd = openNetlink()
  try {
    return action(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * Has the kernel change the calling thread's network.
 * @param type the message, `RTM_NEWLINK`
 * @param flags `NLM_F_CREATE | NLM_F_EXCL` for something new, else 0
 * @param body what comes behind `struct nlmsghdr`
 * @param shown what the change is about, for an error
 * @throws SyscallError with the errno of the kernel's answer
 */
export function request(type: keyof typeof NETLINK, flags: number, body: Buffer, shown: readonly unknown[]): void {
  const errno = withNetlink(fd => change(fd, NETLINK[type], flags, body))
  if (errno !== 0) throw syscallError('rtnetlink', [Symbol(type), ...shown], errno, type)
}

/** All objects of one type in the calling thread's network. @param type `RTM_GETNEIGH` @param family `AF_INET`, or 0 for all */
export function objects(type: keyof typeof NETLINK, family = 0): Buffer[] {
  const body = Buffer.alloc(SIZES.ifinfomsg)
  body.writeUInt8(family)
  return withNetlink(fd => dump(fd, NETLINK[type], body))
}

/** The payload of an attribute that is a number of 32 bits. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** The payload of an attribute that is the name of an interface. @throws TypeError for what can be none */
export function nameBytes(name: string): Buffer {
  if (!/^[^\s/]{1,15}$/.test(name)) throw argumentError('rtnetlink', 'interface', 'a name of 1 to 15 bytes', name)
  return Buffer.from(`${name}\0`)
}

/**
 * The index of an interface of the calling thread's network, `if_nametoindex(3)`.
 * @throws SyscallError ENODEV
 */
export function indexOf(name: string): number {
  const found = objects('RTM_GETLINK').find(body => toLink(body, []).name === name)
  if (found) return found.readInt32LE(4)
  throw syscallError('rtnetlink', [Symbol('RTM_GETLINK'), name], constants.errno.ENODEV, 'RTM_GETLINK')
}
