/**
 * What a name may have meant that a program does not have: the one in its text that is nearest to it.
 */

const MISSING = /^ReferenceError: (\w+) is not defined$|^TypeError: (?:[\w.]*\.)?(\w+) is not a function$/m
/** How many letters may be different. */
const MOST = 2

/** How many letters have to be put in, taken out or changed to get from one name to the other. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const change = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change))
    }
    row = next
  }
  return row[other.length] ?? 0
}

/** The hint for a name that is not there; `undefined` if the program did not fail for one. */
export function likeName(output: string, source: string): readonly string[] | undefined {
  const [, variable, method] = MISSING.exec(output) ?? []
  const name = variable ?? method
  if (name === undefined) return undefined
  const names = [...new Set(source.match(/\b[A-Za-z_$][\w$]*\b/g) ?? [])].filter(each => each !== name)
  const near = names
    .map(each => ({ each, far: distance(each.toLowerCase(), name.toLowerCase()) }))
    .filter(({ far }) => far <= MOST && far < name.length / 2)
    .sort((a, b) => a.far - b.far)[0]?.each
  const meant = near === undefined ? 'Is it imported, and spelt as it is called there?' : `Did you mean ${near}?`
  return [`There is no ${name} in this program. ${meant}`]
}
