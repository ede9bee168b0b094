/**
 * The echo requests that went through a pair, each with what became of it, by the echoes that were seen at its two ends.
 */
import type { NetworkHistory, PassedEcho } from '../../witnesses/net/followed-network.ts'

const keyOf = ({ source, target, id, sequence }: PassedEcho) => [source, target, id, sequence].join()
const keyOfReply = ({ source, target, id, sequence }: PassedEcho) => [target, source, id, sequence].join()

function push<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

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
      push(waiting, keyOf(echo), request)
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
 * Whether one echo may be the other, seen at the other end. Each network has a socket of its own, and what passes between the
 * looks at the two is seen at one end a step earlier; on a busy machine the kernel may carry it over some steps later.
 */
const mayHaveBecome = (request: PassedEcho, arrival: PassedEcho) => request.step <= arrival.step + 1

/** The requests that left by the inner end of a pair, and what became of each. */
export function requestsThrough(
  inside: NetworkHistory,
  inner: number,
  outside: NetworkHistory,
  outer: number,
): Request[] {
  const requests = exchanges(inside.echoes, inner, 'out')
  const came = new Map<PassedEcho, { readonly isAnswered: boolean }>()
  const waiting = new Map<string, PassedEcho[]>()
  let next = 0
  for (const { echo, isAnswered } of exchanges(outside.echoes, outer, 'in')) {
    for (let one = requests[next]?.echo; one && mayHaveBecome(one, echo); one = requests[++next]?.echo)
      push(waiting, keyOf(one), one)
    // The same request may have been sent before: whatever became of that one, this is the last that was sent.
    const request = waiting.get(keyOf(echo))?.pop()
    if (request) came.set(request, { isAnswered })
  }
  return requests.map(({ echo, isAnswered }) => {
    const arrival = came.get(echo)
    return { echo, hasArrived: arrival !== undefined, isAnswered: isAnswered && arrival?.isAnswered === true }
  })
}
