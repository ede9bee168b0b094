/**
 * What the witness of control groups records.
 */

/** One write to the file of a control group. */
export interface GroupWrite {
  readonly order: number
  readonly from: number
  /** Directory of the group, as the judge sees it. */
  readonly group: string
  readonly file: string
  readonly text: string
  /** Memory the group held just before, in bytes; for groups of the memory controller. */
  readonly usage: number | undefined
  /** How many in it the kernel had killed for want of memory by then. */
  readonly oomKills?: number
  /** What the call returned: a number of bytes or -errno; missing if the caller did not live to see it. */
  readonly result?: number
  /** The limit of a memory group just afterwards, in bytes. */
  readonly limit?: number
}

/** The time that a process spent in a group, in the order of events. */
export interface Stay {
  readonly group: string
  readonly pid: number
  readonly from: number
  /** Missing if it was still in there when the program ended. */
  to?: number
  /** Memory the group held when it left for another one, in bytes; missing if it stayed to its end. */
  held?: number
}

/** What this witness records. A group is called by the directory in which it was seen first, whatever it is renamed to. */
export interface GroupsRecord {
  readonly groupWrites: readonly GroupWrite[]
  /** The processes that were ever in a group the program made, by its directory. */
  readonly members: ReadonlyMap<string, ReadonlySet<number>>
  readonly stays: readonly Stay[]
  /** Every directory that each group has had, by the first of them. */
  readonly directories: ReadonlyMap<string, readonly string[]>
}
