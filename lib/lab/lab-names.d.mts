/** The slug of the lab that a reader means by `lab3`, `3`, `03`, `newnet` or `03-newnet`; `undefined` if none. */
export function slugOf(name: string, slugs: readonly string[]): string | undefined
/** What is said of a name that no lab has. */
export function unknownLab(name: string, slugs: readonly string[]): string
