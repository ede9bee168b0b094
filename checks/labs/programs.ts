/**
 * The table of the programs that the checker of a lab is tried on.
 */

/**
 * Programs of a lab's folder, `right/newpid.c` or `wrong/prints-only.sh`, each with the titles of the claims that must
 * refuse it: all of them, and no others. For a right program there are none.
 */
export type ProgramTable = Readonly<Record<string, readonly string[]>>
