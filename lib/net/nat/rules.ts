/**
 * The rules of nf_tables as the kernel holds them, whoever wrote them: nft(8), or iptables-nft(8), which writes its
 * targets as one expression. Of each rule it is read what it does to addresses.
 */
import { readFileSync } from 'node:fs'
import { attributes, attributeText, NETLINK_NETFILTER, openNetlink, setReceiveBuffer, told } from '../netlink.ts'
import { groupBit, messageType, NFGENMSG_SIZE, NFNETLINK, netfilterObjects } from './nfnetlink.ts'

/** `<linux/netfilter/nf_tables.h>`, `<linux/netfilter/nf_tables_compat.h>`. */
export const NFT = {
  NFT_MSG_NEWRULE: 6,
  NFT_MSG_GETRULE: 7,
  NFTA_RULE_TABLE: 1,
  NFTA_RULE_CHAIN: 2,
  NFTA_RULE_EXPRESSIONS: 4,
  NFTA_LIST_ELEM: 1,
  NFTA_EXPR_NAME: 1,
  NFTA_EXPR_DATA: 2,
  NFTA_NAT_TYPE: 1,
  NFT_NAT_SNAT: 0,
  NFT_NAT_DNAT: 1,
  NFTA_TARGET_NAME: 1,
} as const

/** What a rule does to the addresses of a packet. */
export type Rewriting = 'masquerade' | 'snat' | 'dnat' | 'redirect'

/** A rule that rewrites addresses. */
export interface NatRule {
  readonly table: string
  readonly chain: string
  readonly does: Rewriting
}

/** Names of expressions, and of targets of iptables, that rewrite addresses. */
const BY_NAME: Readonly<Record<string, Rewriting>> = {
  masq: 'masquerade',
  redir: 'redirect',
  MASQUERADE: 'masquerade',
  REDIRECT: 'redirect',
  SNAT: 'snat',
  DNAT: 'dnat',
}

const text = (bytes: Buffer | undefined) => attributeText(bytes) ?? ''

/** Splits a list of attributes that are all of one type. */
function elements(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at)
    if (length < 4) break
    found.push(bytes.subarray(at + 4, at + length))
    at += (length + 3) & ~3
  }
  return found
}

function rewritingOf(expression: Buffer): Rewriting | undefined {
  const parts = attributes(expression)
  const name = text(parts.get(NFT.NFTA_EXPR_NAME))
  const data = attributes(parts.get(NFT.NFTA_EXPR_DATA) ?? Buffer.alloc(0))
  if (name === 'nat') return data.get(NFT.NFTA_NAT_TYPE)?.readUInt32BE() === NFT.NFT_NAT_DNAT ? 'dnat' : 'snat'
  const key = name === 'target' ? text(data.get(NFT.NFTA_TARGET_NAME)) : name
  return Object.hasOwn(BY_NAME, key) ? BY_NAME[key] : undefined
}

/** What a message about a rule says; `undefined` if the rule rewrites no addresses. */
export function toNatRule(message: Buffer): NatRule | undefined {
  const found = attributes(message.subarray(NFGENMSG_SIZE))
  const list = elements(found.get(NFT.NFTA_RULE_EXPRESSIONS) ?? Buffer.alloc(0))
  const does = list.map(rewritingOf).find(one => one !== undefined)
  return does && { table: text(found.get(NFT.NFTA_RULE_TABLE)), chain: text(found.get(NFT.NFTA_RULE_CHAIN)), does }
}

const type = (message: number) => messageType(NFNETLINK.NFNL_SUBSYS_NFTABLES, message)

/**
 * The rules of the calling thread's network that rewrite addresses.
 * @throws SyscallError EPROTONOSUPPORT, EPERM
 * @see `nft list ruleset`
 */
export function natRules(): NatRule[] {
  return netfilterObjects(type(NFT.NFT_MSG_GETRULE), 0).flatMap(message => toNatRule(message) ?? [])
}

/** Whether the calling thread's network has a NAT table of the old iptables, of which nf_tables knows nothing. */
export function hasLegacyNat(): boolean {
  try {
    return /^nat$/m.test(readFileSync('/proc/thread-self/net/ip_tables_names', 'utf8'))
  } catch {
    // ENOENT: this kernel has no old iptables.
    return false
  }
}

/** More than is told between two looks, in bytes. */
const ROOM = 1024 * 1024

/** Hears of each new rule in the network that the calling thread is in when this is made. */
export class RuleListener {
  /** The socket, for whoever closes it. */
  readonly fd: number

  /** @throws SyscallError EPROTONOSUPPORT where the kernel has no netfilter, EPERM */
  constructor() {
    this.fd = openNetlink(groupBit(NFNETLINK.NFNLGRP_NFTABLES), NETLINK_NETFILTER)
    setReceiveBuffer(this.fd, ROOM)
  }

  /** The rules that are new since the last call and rewrite addresses; of too many at once the first. */
  news(): NatRule[] {
    const rules = told(this.fd).messages.filter(message => message.type === type(NFT.NFT_MSG_NEWRULE))
    return rules.flatMap(({ body }) => toNatRule(body) ?? [])
  }
}
