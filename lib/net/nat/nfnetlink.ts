/**
 * What messages about rules and those about connections have in common. `<linux/netfilter/nfnetlink.h>`
 */
import { closeSync } from 'node:fs'
import { dump, NETLINK_NETFILTER, openNetlink } from '../netlink.ts'

/** Subsystems, and groups that tell of changes: of groups the number, from 1. */
export const NFNETLINK = {
  NFNL_SUBSYS_CTNETLINK: 1,
  NFNL_SUBSYS_NFTABLES: 10,
  NFNLGRP_CONNTRACK_NEW: 1,
  NFNLGRP_NFTABLES: 7,
} as const
/** `sizeof(struct nfgenmsg)`: u8 family, version; be16 res_id. */
export const NFGENMSG_SIZE = 4

/** The bit of a group by which a socket hears of it. */
export const groupBit = (group: number): number => 1 << (group - 1)

/** The type of a message: which subsystem's, and which of its own. */
export const messageType = (subsystem: number, message: number): number => (subsystem << 8) | message

/** A request about a family, 0 for all: `struct nfgenmsg`. */
export function nfgenmsg(family: number): Buffer {
  const bytes = Buffer.alloc(NFGENMSG_SIZE)
  bytes.writeUInt8(family)
  return bytes
}

/** All objects of one type in the calling thread's network. @throws SyscallError EPROTONOSUPPORT without netfilter */
export function netfilterObjects(type: number, family: number): Buffer[] {
  const fd = openNetlink(0, NETLINK_NETFILTER)
  try {
    return dump(fd, type, nfgenmsg(family))
  } finally {
    closeSync(fd)
  }
}
