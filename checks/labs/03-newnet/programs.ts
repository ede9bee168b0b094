/**
 * The programs on which the checker of lab 3 is tried, and for each wrong one the claims that must refuse it.
 */
import { EVERY_LAB } from '../claim.ts'
import { titlesOf } from '../exercise.ts'
import type { ProgramTable } from '../programs.ts'
import { checker } from './claims.ts'

const [NET, LINKS, PEER, ADDRESSES, PING, LOSS] = titlesOf(checker)
const [, , LEFT] = titlesOf(EVERY_LAB)

export const programs: ProgramTable = {
  'right/newnet.c': [],
  'right/newnet.py': [],
  'right/newnet.sh': [],
  'right/ip-netns.sh': [],
  'wrong/prints-only.sh': [NET, LINKS, PEER, ADDRESSES, PING, LOSS],
  'wrong/no-namespace.sh': [NET, LINKS, PEER, ADDRESSES, PING, LOSS],
  'wrong/extra-link.sh': [LINKS],
  'wrong/inside-down.sh': [ADDRESSES, PING, LOSS],
  'wrong/outside-down.sh': [ADDRESSES, PING, LOSS],
  'wrong/outside-without-address.sh': [ADDRESSES, PING, LOSS],
  'wrong/loopback.sh': [PING],
  'wrong/own-address.sh': [PING],
  'wrong/local-answer.sh': [PING],
  'wrong/one-ping.sh': [PING],
  'wrong/pinged-from-outside.sh': [PING, LOSS],
  'wrong/both-ping-themselves.sh': [PING],
  'wrong/third-network.sh': [PING],
  'wrong/left-behind.sh': [LEFT],
}
