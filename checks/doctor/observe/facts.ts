/**
 * What the doctor observes, as plain data: every decision is a function of this.
 */
import type { Dialect } from '../../../lib/group/hierarchies.ts'
import type { Obstacle } from '../../../lib/group/obstacle.ts'
import type { Distribution, Tool } from '../../../lib/machine/packages.mjs'
import type { RefusedSockets } from '../../../lib/net/raw-socket.ts'
import type { Unanswered } from '../../../lib/net/unanswered.ts'
import type { OverlayLack } from '../../../lib/rights/overlay-trial.ts'
import type { UserNamespaces } from '../../../lib/rights/user-namespaces.ts'
import type { Lack } from '../../judge/needs.ts'
import type { Fault } from './programs.mjs'

/** How a driver or file system comes into the kernel. */
export type Presence = 'there' | 'loadable' | 'absent' | 'unknown'

/** Groups with one controller. */
export interface ControllerFacts {
  /** Where they are: the hierarchy that the labs take. */
  readonly hierarchy: { readonly path: string; readonly dialect: Dialect } | undefined
  /** Why there is none, as the labs say it. */
  readonly fault?: string
  /** What keeps root from making groups there. */
  readonly obstacle: Obstacle | undefined
  /** The group in which an ordinary user may make others, or a note that systemd delegates one on request. */
  readonly home: string | undefined
}

/** Everything that the doctor has seen. */
export interface Facts {
  readonly distribution: Distribution
  /** `uname -r`. */
  readonly kernel: string
  readonly arch: string
  readonly node: string
  readonly user: {
    readonly uid: number
    readonly name: string
    readonly groups: readonly string[]
    /** CAP_SYS_ADMIN and CAP_NET_ADMIN, for the network at hand. */
    readonly isPrivileged: boolean
    /** Whether this is a user namespace and not the machine's own users: a rootless container, or unshare(1). */
    readonly isMapped: boolean
  }
  /** The ordinary user that is meant; `undefined` for any, where root was not reached from one by sudo. */
  readonly ordinary: string | undefined
  /** Whether nothing that it starts can become root (PR_SET_NO_NEW_PRIVS). */
  readonly isConfined: boolean
  /** The program by which a user becomes root here. */
  readonly become: 'sudo' | 'doas' | undefined
  /** What root found, where an ordinary user asks and sudo wants no password. */
  readonly asRoot?: Pick<Facts, 'user' | 'judging' | 'rawSockets'>
  /** Whether sudo finds npx: it looks in a PATH of its own. Left out where nobody needs sudo. */
  readonly sudoFindsNpx?: boolean
  readonly tools: Partial<Readonly<Record<Tool, Fault>>>
  /** Where the root file system of lab 4 is, if it has been made. */
  readonly rootfs: string | undefined
  readonly kvm: 'usable' | 'forbidden' | 'absent'
  /** What this runs in: `docker`, `podman`, `lxc`, …, `of an unknown kind`: a PID namespace that is not the first. */
  readonly container: string | undefined
  readonly wsl: 1 | 2 | undefined
  readonly isFiltered: boolean
  /** A mount that hides a part of /proc. */
  readonly mask: string | undefined
  readonly selinux: 'enforcing' | 'permissive' | 'absent'
  /** As an ordinary user. */
  readonly userNamespaces: UserNamespaces
  /** The namespaces that root makes for the sandbox of a check, tried where the doctor runs as root. */
  readonly rootNamespaces: {
    readonly works: boolean
    readonly seen?: string
    readonly cause?: string
    readonly remedy?: string
  }
  /** Settings `user.max_…_namespaces` that are 0, but that of user namespaces. */
  readonly exhausted: readonly string[]
  readonly ptraceScope: number | undefined
  /** The error of kcmp(2), if it has one. */
  readonly kcmp: string | undefined
  /** What else a judge cannot do here, each tried by doing it. */
  readonly judging: readonly Lack[]
  /** Why this machine's own network answers no pings, if it does not: a firewall is tried where root asks. */
  readonly unanswered: Unanswered | undefined
  /** Why raw sockets are refused to somebody who is privileged otherwise. */
  readonly rawSockets: RefusedSockets | undefined
  readonly cgroups: {
    readonly layout: Dialect | 'hybrid' | 'none'
    readonly memory: ControllerFacts
    readonly freezer: ControllerFacts
    readonly pids: boolean
    /** The machine has somewhere to swap to. */
    readonly swaps: boolean
    /** Whether swap can be limited for a group; `undefined` where no group is there to look at. */
    readonly swapLimit: boolean | undefined
  }
  readonly veth: Presence
  readonly overlay: Presence
  /** What went wrong when they were tried, if they were. */
  readonly tried: { readonly veth?: string; readonly overlay?: string }
  /** Why root, or root of an ordinary user's user namespace, has no overlay; both are tried where the kernel has it. */
  readonly noOverlay: { readonly root?: OverlayLack; readonly user?: OverlayLack }
  /** Who may read the kernel's log. */
  readonly kernelLog: 'readable' | 'for root' | 'absent'
  readonly isRootShared: boolean
  /** Of these folders, those on a mount with noexec. */
  readonly noexec: readonly string[]
}
