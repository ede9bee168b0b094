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
  'right/both-ways.py': [],
  'right/cleans-up-inside.py': [],
  'right/one-deeper.py': [],
  'right/moved-end.py': [],
  'right/point-to-point.py': [],
  'right/socket-from-inside.py': [],
  'right/packet-socket.py': [],
  'right/left-to-the-kernel.py': [],
  'right/user-namespace.sh': [],
  'right/in-pieces.sh': [],
  'right/kept-by-mount.sh': [],
  'right/thread-outside.py': [],
  'right/parent-inside.sh': [],
  'right/beside-others.py': [],
  'right/one-process.py': [],
  'right/rule-table.sh': [],
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
  'wrong/all-forged.py': [PING, LOSS],
  'wrong/forged-replies.py': [PING, LOSS],
  'wrong/replies-only.py': [PING],
  'wrong/address-later.py': [PING],
  'wrong/another-pair.py': [PING],
  'wrong/another-address.py': [PING],
  'wrong/one-with-a-third-link.py': [PING],
  'wrong/without-24.py': [ADDRESSES, PING, LOSS],
  'wrong/last-lost.sh': [LOSS],
  'wrong/too-early.py': [LOSS],
  'wrong/third-between.py': [ADDRESSES, PING],
  'wrong/replayed-later.py': [PING, LOSS],
  'wrong/third-vanishes.py': [PING],
  'wrong/unusual-calls.py': [PING],
}
