/**
 * Questions for names and their answers, as RFC 1035 has them: as much of it as a resolver for a bridge needs. One
 * question a message; addresses of IPv4 (A) and IPv6 (AAAA).
 */
import { FAMILY, familyOf, ipBytes, ipText } from '../ip.ts'

/** Where a resolver listens. */
export const DNS_PORT = 53
/** Types of records. */
export const RECORD = { A: 1, AAAA: 28 } as const
/** `IN`, the internet. */
const CLASS = 1
const HEADER = 12
const [IS_ANSWER, WANTS_RECURSION, CAN_RECURSE, NO_SUCH_NAME] = [0x8000, 0x0100, 0x0080, 3]
/** Two bytes that point to the name of the question. */
const POINTER = 0xc00c

/** A question. */
export interface Query {
  /** By which the answer is known. */
  readonly id: number
  /** In lower case, without the dot at its end. */
  readonly name: string
  /** {@link RECORD}. */
  readonly type: number
}

/** What a message says. */
export interface NameMessage extends Query {
  readonly isAnswer: boolean
  /** The addresses in an answer; none if there is no such name. */
  readonly addresses: readonly string[]
}

function header(id: number, flags: number, answers: number): Buffer {
  const bytes = Buffer.alloc(HEADER)
  ;[id, flags, 1, answers].forEach((value, i) => {
    bytes.writeUInt16BE(value, 2 * i)
  })
  return bytes
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  values.forEach((value, i) => {
    bytes.writeUInt16BE(value, 2 * i)
  })
  return bytes
}

function question({ name, type }: Query): Buffer {
  const labels = name.split('.').map(label => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'))
  return Buffer.concat([...labels, Buffer.alloc(1), words(type, CLASS)])
}

/** The message that asks. */
export const queryMessage = (query: Query): Buffer =>
  Buffer.concat([header(query.id, WANTS_RECURSION, 0), question(query)])

/** The message that answers. @param addresses of the family that was asked for; `undefined` if there is no such name */
export function answerMessage(query: Query, addresses: readonly string[] | undefined): Buffer {
  // Other records than addresses, which some programs ask for as well, it has none.
  const wanted = new Map<number, number>([
    [RECORD.A, FAMILY.AF_INET],
    [RECORD.AAAA, FAMILY.AF_INET6],
  ]).get(query.type)
  const records = (addresses ?? [])
    .filter(address => familyOf(address) === wanted)
    .map(address => {
      const bytes = ipBytes(address)
      // Nobody is to remember it: 0 seconds.
      return Buffer.concat([words(POINTER, query.type, CLASS, 0, 0, bytes.length), bytes])
    })
  const flags = IS_ANSWER | WANTS_RECURSION | CAN_RECURSE | (addresses ? 0 : NO_SUCH_NAME)
  return Buffer.concat([header(query.id, flags, records.length), question(query), ...records])
}

/** Reads a name. @returns the labels, and where what follows begins */
function nameAt(bytes: Buffer, start: number): readonly [name: string, next: number] | undefined {
  const labels: string[] = []
  let at = start
  for (;;) {
    const length = bytes[at]
    if (length === undefined) return undefined
    if (length === 0) return [labels.join('.').toLowerCase(), at + 1]
    // A pointer: what it points to is a name that has been read already.
    if (length >= 0xc0) return [labels.join('.').toLowerCase(), at + 2]
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
}

/** What a message says; `undefined` if it is none, or is cut. */
export function readMessage(bytes: Buffer): NameMessage | undefined {
  if (bytes.length < HEADER || bytes.readUInt16BE(4) !== 1) return undefined
  const [name, next] = nameAt(bytes, HEADER) ?? []
  if (name === undefined || next === undefined || bytes.length < next + 4) return undefined
  const addresses: string[] = []
  let at = next + 4
  for (let left = bytes.readUInt16BE(6); left > 0; left--) {
    const [, behind] = nameAt(bytes, at) ?? []
    if (behind === undefined || bytes.length < behind + 10) break
    const [type, size] = [bytes.readUInt16BE(behind), bytes.readUInt16BE(behind + 8)]
    const data = bytes.subarray(behind + 10, behind + 10 + size)
    const wanted = type === RECORD.A ? 4 : type === RECORD.AAAA ? 16 : 0
    if (wanted > 0 && data.length === wanted) addresses.push(ipText(data))
    at = behind + 10 + size
  }
  const flags = bytes.readUInt16BE(2)
  return {
    id: bytes.readUInt16BE(0),
    name,
    type: bytes.readUInt16BE(next),
    isAnswer: (flags & IS_ANSWER) !== 0,
    addresses,
  }
}
