/**
 * The programs on which the checker of lab 9 is tried, and for each wrong one the claims that must refuse it.
 */
import { EVERY_LAB } from '../claim.ts'
import { titlesOf } from '../exercise.ts'
import type { ProgramTable } from '../programs.ts'
import { checker } from './claims.ts'

const [NETS, PORTS, ADDRESSES, NAME, NEAR, HOP, FAR, PUBLISHED, NAT] = titlesOf(checker)
const [, , LEFT] = titlesOf(EVERY_LAB)
const TRAFFIC = [NAME, NEAR, HOP, FAR, PUBLISHED, NAT]

export const programs: ProgramTable = {
  'right/bridge.py': [],
  'right/bridge.c': [],
  'right/ip-netns.sh': [],
  'right/rtnetlink.py': [],
  'right/started-here.py': [],
  'right/moved-and-renamed.py': [],
  'right/other-networks.py': [],
  'right/second-try.py': [],
  'right/one-deeper.py': [],
  'right/several-hops.py': [],
  'right/dual-stack.ts': [],
  'right/internet.py': [],
  'wrong/prints-only.sh': [NETS, PORTS, ADDRESSES, ...TRAFFIC],
  'wrong/one-network.py': [PORTS, ADDRESSES, NAME, NEAR],
  'wrong/host-routes.py': [PORTS, ADDRESSES, ...TRAFFIC],
  'wrong/same-address.py': [ADDRESSES, NEAR, PUBLISHED, NAT],
  'wrong/no-default-route.py': [ADDRESSES],
  'wrong/slash-32.py': [ADDRESSES],
  'wrong/names-by-heart.py': [NAME],
  'wrong/resolver-inside.py': [NAME],
  'wrong/wrong-name.py': [NAME],
  'wrong/another-cable.py': [NEAR],
  'wrong/forwarded-neighbours.py': [NEAR],
  'wrong/no-hops.py': [HOP],
  'wrong/forged-hop.py': [HOP],
  'wrong/no-forwarding.py': [HOP, FAR, PUBLISHED, NAT],
  'wrong/forward-drop.py': [FAR, PUBLISHED, NAT],
  'wrong/world-on-bridge.py': [HOP, FAR, PUBLISHED, NAT],
  'wrong/no-masquerade.py': [FAR, NAT],
  'wrong/route-back.py': [FAR, NAT],
  'wrong/proxy-out.py': [FAR, NAT],
  'wrong/proxy.py': [PUBLISHED, NAT],
  'wrong/redirect.py': [PUBLISHED, NAT],
  'wrong/full-nat.py': [PUBLISHED],
  'wrong/wrong-answer.py': [PUBLISHED, NAT],
  'wrong/says-nothing.py': [NEAR, FAR, PUBLISHED],
  'wrong/udp-only.py': [NEAR, FAR, PUBLISHED, NAT],
  'wrong/stateless.py': [NAT],
  'wrong/raw-nat.py': [NAT],
  'wrong/time-set-anew.py': [FAR, PUBLISHED],
  'wrong/written-by-hand.py': [FAR, PUBLISHED, NAT],
  'wrong/left-behind.py': [LEFT],
}
