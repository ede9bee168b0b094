/**
 * What a name may have meant that a program does not have: the one in its text that is nearest to it.
 */

const MISSING = /^ReferenceError: (\w+) is not defined$|^TypeError: (?:[\w.]*\.)?(\w+) is not a function$/m
/** How many letters may be different. */
const MOST = 2

/** How many letters have to be put in, taken out, changed or exchanged to get from one name to the other. */
function distance(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, i) => i)]
  const at = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY
  for (let i = 1; i <= one.length; i++) {
    rows.push([i])
    for (let j = 1; j <= other.length; j++) {
      const change = at(i - 1, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1)
      const isTurned = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      rows[i]?.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, change, isTurned ? at(i - 2, j - 2) + 1 : change))
    }
  }
  return at(one.length, other.length)
}

/** The names that a program declares or imports. */
function namesIn(source: string): string[] {
  const lists = [...source.matchAll(/\bimport\s*\{([^}]*)\}|\b(?:const|let|var)\s*[{[]([^}\]]*)[}\]]/g)].map(
    ([, imported = '', taken = '']) => `${imported},${taken}`,
  )
  const single = [...source.matchAll(/\b(?:function|const|let|var|class|as)\s+([A-Za-z_$][\w$]*)/g)].map(
    ([, name]) => name,
  )
  const parameters = [...source.matchAll(/\(([\w\s,:.?]*)\)\s*(?::\s*\w+\s*)?(?:=>|\{)/g)].map(([, text]) => text)
  return [...new Set([...lists, ...single, ...parameters].join(',').match(/[A-Za-z_$][\w$]*/g) ?? [])]
}

/** The hint for a name that is not there; `undefined` if the program did not fail for one. */
export function likeName(output: string, source: string): readonly string[] | undefined {
  const [, variable, method] = MISSING.exec(output) ?? []
  const name = variable ?? method
  if (name === undefined) return undefined
  const near = namesIn(source)
    .filter(each => each !== name)
    .map(each => ({ each, far: distance(each.toLowerCase(), name.toLowerCase()) }))
    .filter(({ far }) => far <= MOST && far < name.length / 2)
    .sort((a, b) => a.far - b.far)[0]?.each
  const meant = near === undefined ? 'Is it imported, and spelt as it is called there?' : `Did you mean ${near}?`
  return [`There is no ${name} in this program. ${meant}`]
}
