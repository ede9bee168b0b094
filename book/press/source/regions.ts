/**
 * The regions of a source, as VS Code knows them: `// #region child` up to `// #endregion child`. They may nest.
 */

const MARK = /^\s*(?:\/\/|#|\/\*)\s*#(region|endregion)\s+([\w-]+)/

/** A part of a source that has a name. */
export interface Region {
  readonly name: string
  /** The line of its first marker, from 1. */
  readonly line: number
  /** Its text without the markers in it and without the indent that all its lines have. */
  readonly lines: readonly string[]
}

/** What a source has of regions, and what is wrong with its markers. */
export interface Regions {
  readonly regions: readonly Region[]
  readonly faults: readonly { readonly line: number; readonly what: string }[]
}

/** The lines without the indent that they share and without empty ones at both ends. */
function dedent(lines: readonly string[]): string[] {
  const indents = lines.filter(line => line.trim()).map(line => /^ */.exec(line)?.[0].length ?? 0)
  const indent = Math.min(...indents, 80)
  const cut = lines.map(line => line.slice(indent).trimEnd())
  while (cut[0] === '') cut.shift()
  while (cut.at(-1) === '') cut.pop()
  return cut
}

/** The regions of a source. */
export function regionsOf(source: string): Regions {
  const lines = source.split('\n')
  const regions: Region[] = []
  const faults: { line: number; what: string }[] = []
  const open: { name: string; at: number }[] = []
  for (const [at, text] of lines.entries()) {
    const [, kind, name = ''] = MARK.exec(text) ?? []
    if (kind === 'region') open.push({ name, at })
    else if (kind === 'endregion') {
      const begun = open.pop()
      if (begun?.name !== name) {
        faults.push({ line: at + 1, what: `#endregion ${name} ends what is no open region of that name` })
        continue
      }
      const inner = lines.slice(begun.at + 1, at).filter(line => !MARK.test(line))
      regions.push({ name, line: begun.at + 1, lines: dedent(inner) })
    }
  }
  for (const { name, at } of open) faults.push({ line: at + 1, what: `#region ${name} is never ended` })
  return { regions: regions.sort((one, other) => one.line - other.line), faults }
}
