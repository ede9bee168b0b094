/**
 * How a picture looks: its colours in light and dark, and which colour means which namespaces.
 */
import type { NamespaceKind, Namespaces } from '../../../lib/namespaces.ts'

/** As those of the book's other pictures: light by default, dark where the reader's system or the page is. */
const LIGHT =
  '--ink:#1f2328;--soft:#57606a;--line:#8c959f;--paper:#ffffff;--ground:#f6f8fa;--rim:#d0d7de;--alarm:#cf222e;' +
  '--cold:#0550ae;--c0:#0969da;--c1:#1a7f37;--c2:#9a6700;--c3:#8250df;--c4:#bf3989;--c5:#1b7c83'
const DARK =
  '--ink:#e6edf3;--soft:#9da7b3;--line:#6e7681;--paper:#0d1117;--ground:#161b22;--rim:#30363d;--alarm:#ff7b72;' +
  '--cold:#79c0ff;--c0:#58a6ff;--c1:#3fb950;--c2:#d29922;--c3:#bc8cff;--c4:#f778ba;--c5:#39c5cf'
const COLOURS = 6

export const STYLE: string = [
  '<style>',
  `:root,svg{${LIGHT}}`,
  `@media (prefers-color-scheme:dark){:root:not([data-theme=light]),:root:not([data-theme=light]) svg{${DARK}}}`,
  `:root[data-theme=dark],:root[data-theme=dark] svg{${DARK}}`,
  '.st{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:var(--ink);white-space:pre}',
  '.sh{font:bold 15px ui-sans-serif,system-ui,sans-serif;fill:var(--ink)}',
  '.sl{font:bold 13px ui-monospace,monospace;fill:var(--ink)}',
  '.ss{font:11px ui-sans-serif,system-ui,sans-serif;fill:var(--soft)}',
  '.sn{font:bold 10px ui-sans-serif,system-ui,sans-serif;fill:var(--paper);text-anchor:middle}',
  '.sg{fill:var(--ground);stroke:var(--rim)}.sd{fill:var(--ink)}',
  '.sr{stroke:var(--rim);stroke-width:1}.sp{stroke:var(--line);stroke-width:1.5;fill:none}',
  '.sa{stroke:var(--line);stroke-width:1.5;fill:none}.sah{fill:var(--line)}',
  '.sk{stroke:var(--alarm);stroke-width:2;fill:none}.skh{fill:var(--alarm)}',
  '.skt{font:bold 11px ui-monospace,monospace;fill:var(--alarm)}',
  '.se{stroke:var(--cold);stroke-width:1.5;fill:none}.seh{fill:var(--cold)}',
  '.sf{fill:var(--cold);fill-opacity:.28;stroke:var(--cold);stroke-width:1.5;stroke-dasharray:5 3}',
  '.sft{font:bold 11px ui-sans-serif,system-ui,sans-serif;fill:var(--ink)}',
  '.sm{fill:var(--c2);fill-opacity:.3;stroke:var(--c2);stroke-width:1.5}',
  '.sx{stroke:var(--alarm);stroke-width:1.5;stroke-dasharray:6 4;fill:none}',
  ...Array.from({ length: COLOURS }, (_, i) => `.c${i}{fill:var(--c${i});fill-opacity:.2;stroke:var(--c${i})}`),
  '</style>',
].join('\n')

/** The kinds of namespaces, as a legend names them. */
const NAMED: Readonly<Record<NamespaceKind, string>> = {
  pid: 'PID',
  net: 'network',
  mnt: 'mount',
  uts: 'UTS',
  ipc: 'IPC',
  user: 'user',
  cgroup: 'cgroup',
}
const KINDS = Object.keys(NAMED) as NamespaceKind[]

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** Which colour stands for which namespaces, in the order in which they are met. */
export class Looks {
  readonly #start: Namespaces
  readonly #known = new Map<string, string>()

  constructor(start: Namespaces) {
    this.#start = start
    this.of(start)
  }

  /** The class of what lives in these namespaces. */
  of(namespaces: Namespaces): string {
    const own = KINDS.filter(kind => namespaces[kind] !== this.#start[kind])
    const key = own.map(kind => `${kind}:${namespaces[kind]}`).join()
    if (!this.#known.has(key)) this.#known.set(key, this.#label(own))
    return `c${[...this.#known.keys()].indexOf(key) % COLOURS}`
  }

  #label(own: readonly NamespaceKind[]): string {
    if (own.length === 0) return 'in the namespaces it was started in'
    const text = `in ${own.length > 1 ? '' : 'a '}${list(own.map(kind => NAMED[kind]))} namespace${own.length > 1 ? 's' : ''} of its own`
    const same = [...this.#known.values()].filter(label => label.startsWith(text)).length
    return same === 0 ? text : `${text} (${same + 1})`
  }

  /** All that were met, with what they mean. Where the colours come again, those of one kind share a line. */
  get legend(): readonly (readonly [look: string, meaning: string])[] {
    const all = [...this.#known.values()].map((meaning, i) => [`c${i % COLOURS}`, meaning] as const)
    const kindOf = (meaning: string) => meaning.replace(/ \(\d+\)$/, '')
    const further = all.slice(COLOURS)
    const shared = [...new Set(further.map(([, meaning]) => kindOf(meaning)))].flatMap(kind => {
      const same = further.filter(([, meaning]) => kindOf(meaning) === kind)
      return same.slice(0, 1).map(([look, meaning]) => {
        const words = same.length === 1 ? meaning : `${same.length} more ${kind}, in these colours again`
        return [look, words] as const
      })
    })
    return [...all.slice(0, COLOURS), ...shared]
  }
}
