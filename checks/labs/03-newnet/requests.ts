/**
 * The echo requests that went through a pair, each with what became of it, by the echoes that were seen at its two ends.
 */
import type { NetworkHistory, PassedEcho } from '../../witnesses/net/followed-network.ts'

const keyOf = ({ source, target, id, sequence }: PassedEcho) => [source, target, id, sequence].join()
const keyOfReply = ({ source, target, id, sequence }: PassedEcho) => [target, source, id, sequence].join()

/** One request that left by a link of the inner network. */
export interface Request {
  readonly echo: PassedEcho
  /** Whether it came to the outer end in the same moment, and whether its reply went all the way back. */
  readonly hasArrived: boolean
  readonly isAnswered: boolean
}

/** Of echoes at one link, for every request in one direction whether a reply went the other way behind it. */
function exchanges(
  echoes: readonly PassedEcho[],
  index: number,
  way: 'in' | 'out',
): { echo: PassedEcho; isAnswered: boolean }[] {
  const requests: { echo: PassedEcho; isAnswered: boolean }[] = []
  const waiting = new Map<string, { echo: PassedEcho; isAnswered: boolean }[]>()
  for (const echo of echoes) {
    if (echo.index !== index) continue
    if (echo.kind === 'request' && echo.way === way) {
      const request = { echo, isAnswered: false }
      requests.push(request)
      waiting.set(keyOf(echo), [...(waiting.get(keyOf(echo)) ?? []), request])
    }
    if (echo.kind === 'reply' && echo.way === (way === 'in' ? 'out' : 'in')) {
      // The same request may have been sent before: whatever became of that one, this is the answer to the last.
      const request = waiting.get(keyOfReply(echo))?.pop()
      if (request) request.isAnswered = true
    }
  }
  return requests
}

/**
 * Whether two echoes are the same one, seen at both ends. A pair carries it at once; but each network has a socket of its
 * own, and what passes between the looks at the two is seen at one end a step later.
 */
const isSameMoment = (one: PassedEcho, other: PassedEcho) => Math.abs(one.step - other.step) <= 1

/** The requests that left by the inner end of a pair, and what became of each. */
export function requestsThrough(
  inside: NetworkHistory,
  inner: number,
  outside: NetworkHistory,
  outer: number,
): Request[] {
  const arrivals = new Map<string, { echo: PassedEcho; isAnswered: boolean }[]>()
  for (const arrival of exchanges(outside.echoes, outer, 'in'))
    arrivals.set(keyOf(arrival.echo), [...(arrivals.get(keyOf(arrival.echo)) ?? []), arrival])
  return exchanges(inside.echoes, inner, 'out').map(({ echo, isAnswered }) => {
    const waiting = arrivals.get(keyOf(echo)) ?? []
    const at = waiting.findIndex(arrival => isSameMoment(arrival.echo, echo))
    const [arrival] = at < 0 ? [] : waiting.splice(at, 1)
    return { echo, hasArrived: arrival !== undefined, isAnswered: isAnswered && arrival?.isAnswered === true }
  })
}
