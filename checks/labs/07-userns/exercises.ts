/**
 * The exercises of lab 7.
 */
import { type Exercise, type Proof, titlesOf } from '../exercise.ts'
import { checker } from './claims.ts'
import { losses, namespacesSeen, type Seen } from './facts.ts'
import { offers } from './programs-run.ts'

const [OWN, MAP, , MAY, , LESS, , SET_USER_ID] = titlesOf(checker)
/** From here on a flaw is not one of the map: somebody was not root of it. */
const NOT_ROOT = 4

/** Whether the maps are as they have to be, whoever the child then is. */
function isMapped(seen: Seen): Proof {
  const flaws = [...namespacesSeen(seen).values()]
  if (flaws.some(flaw => !flaw || flaw.rank >= NOT_ROOT)) return true
  const [flaw] = flaws.filter(one => one !== undefined)
  return flaw && flaw.rank > 0 ? `${flaw.seen}: ${flaw.cause}.` : undefined
}

export const exercises: readonly Exercise<Seen>[] = [
  {
    region: 'user-namespace',
    task: 'Create the child in a user namespace of its own, and in no other new namespace.',
    given: 'clone(child, flags) returns its PID. The flags are CLONE_NEW… and SIGCHLD, combined by |.',
    claim: OWN,
    blank: task => `const pid = openTask<number>(${task})`,
    hints: [
      'It is one flag of clone(2), and the only one of its kind that an ordinary user may give.',
      'namespaces(7) lists them: CLONE_NEWUSER. The parent waits for the child, so it wants SIGCHLD as well.',
      'const pid = clone(child, CLONE_NEWUSER | …).',
    ],
    seen: [
      {
        when: /every process stayed in the user namespace/,
        hints: ['The child was born in the user namespace of its parent: which flag gives it a new one?'],
      },
      { when: /ECHILD/, hints: ['waitpid() found no child: without SIGCHLD it is not told of this one.'] },
    ],
  },
  {
    region: 'map',
    task: "Write the child's maps: which users and groups outside its 0, 1, 2, … are.",
    given: 'giveIdMaps(pid, maps) writes uid_map and gid_map of a process; maps has been chosen above.',
    claim: MAP,
    proof: isMapped,
    blank: task => `openTask(${task})`,
    hints: [
      'The child cannot give itself other users than its own: somebody outside has to. Whose files in /proc are written?',
      'Those of the child: /proc/PID/uid_map and /proc/PID/gid_map, each once, while it waits at the gate isMapped.',
      'giveIdMaps(…, maps): the number of the child comes first.',
    ],
    seen: [
      {
        when: /nobody wrote its [ug]id_map/,
        hints: [
          'No map was seen in the user namespace of the child. Was it written for pid, and before isMapped opened?',
        ],
      },
      {
        when: /user 0 of the outside/,
        hints: ['Your map makes root inside the root outside. maps has a range of others: write that one.'],
      },
      {
        when: /Error: (EPERM|EINVAL): .*write/,
        hints: [
          'The kernel refused the map: one may be written once, only by who has all of these users, and only of a user namespace that is new (task 7.1).',
        ],
      },
    ],
  },
  {
    region: 'become-root',
    task: 'Wait until the map is written, and become root of it.',
    given: 'isMapped.wait(), and becomeRoot(), which calls setresgid(2), setgroups(2) and setresuid(2).',
    claim: MAP,
    blank: task => `openTask(${task})`,
    hints: [
      'The map says who 0 is. Does that make anybody 0? Who were you before?',
      'You are still root of the outside, whom the map does not have: 65534. A call makes you another user.',
      'isMapped.wait(), then become…().',
    ],
    seen: [
      {
        when: /setres[ug]id\(.*EINVAL/,
        hints: ['EINVAL: there is no user 0 yet. The map comes first: wait at the gate before you become root.'],
      },
      {
        when: /was user .* outside, and never only 0 inside/,
        hints: ['There is a map, and you are not in it: becomeRoot() makes you its 0.'],
      },
      {
        when: /still .* outside/,
        hints: ['You are 0, and not with all of your numbers: becomeRoot() changes user, group and further groups.'],
      },
    ],
  },
  {
    region: 'root',
    task: 'In mount and UTS namespaces of your own: set the host name, mount a tmpfs, and give a file in it away.',
    given:
      'unshare(flags), sethostname(knobs.hostname), mkdirSync(), mount(source, target, type, 0, "mode=755"), writeFileSync(), chownSync(path, other, other). The tmpfs is to be at tmpfs, in the folder where you are, and the file tmpfs/given.',
    claim: MAY,
    blank: task => `openTask(${task})`,
    hints: [
      'Root of a user namespace may change what belongs to it. Does the host name? Do the mounts? Make some that do.',
      'unshare(CLONE_NEWNS | CLONE_NEWUTS) makes both: namespaces that root inside makes belong to its user namespace.',
      "mkdirSync('tmpfs'), mount('lab7', 'tmpfs', 'tmpfs', 0, 'mode=755'), then the file and chownSync('tmpfs/given', other, other).",
    ],
    seen: [
      {
        when: /EOVERFLOW/,
        hints: ['EOVERFLOW: who makes a file there has to be somebody inside, and you are nobody yet (task 7.3).'],
      },
      {
        when: /(sethostname|mount)\(.*EPERM/,
        hints: ['EPERM: what you want to change still belongs to the outside. unshare() comes first.'],
      },
      {
        when: /not seen: [^;]*a file given away/,
        hints: ['The file has to change its owner: chownSync(path, other, other), once it is there.'],
      },
      {
        when: /not seen: [^;]*a mount/,
        hints: ['No new mount was seen. The type is tmpfs, and the folder has to be there before.'],
      },
    ],
  },
  {
    region: 'less',
    task: 'Keep CAP_CHOWN, CAP_SETUID and CAP_SETGID, and give all other capabilities up for good.',
    given: 'keepCapabilities(set) takes the rest out of all five sets; setOf([…]) makes a set of names.',
    claim: LESS,
    proof: seen => losses(seen).some(({ gone }) => gone !== 0n) || undefined,
    blank: task => `openTask(${task})`,
    hints: [
      'What root may do is a list. Which sets hold it, and which of them does execve(2) ask?',
      'All five have to lose it: effective, permitted, inheritable, ambient, and bounding. One function here does that.',
      "keepCapabilities(setOf(['CAP_CHOWN', …])).",
    ],
    seen: [
      {
        when: /stayed in: (.*)bounding/,
        hints: [
          'What capset(2) took away is still in the bounding set, and the next execve gives it back: PR_CAPBSET_DROP.',
        ],
      },
      {
        when: /stayed in:/,
        hints: ['Some sets still have it: from the permitted one it can be made effective again at any time.'],
      },
    ],
  },
  {
    region: 'no-new-privs',
    task: 'Become an ordinary user, and where isBound is true, have no program give you more than that.',
    given: 'becomeUser(other, other), or where there is no other (0), capset() with three empty sets; setNoNewPrivs().',
    claim: SET_USER_ID,
    proof: seen => offers(seen).some(({ isGiven, isBound }) => isBound && !isGiven) || undefined,
    blank: task => `openTask(${task})`,
    hints: [
      'The program belongs to root and has the set-user-ID bit. Who runs it, so that this makes a difference?',
      'An ordinary user: other. And one bit of a process makes execve(2) forget about such bits: prctl(2) sets it.',
      'becomeUser(other, other), then if (isBound) setNoNewPrivs(). Where other is 0, capset({ effective: 0n, … }) instead.',
    ],
    seen: [
      {
        when: /gave what it could, and was never run with NoNewPrivs/,
        hints: ['The program gave its owner away the second time, too: isBound is true then, and nothing was set.'],
      },
      {
        when: /never gave anything/,
        hints: ['no_new_privs was set both times: only where isBound is true it should be.'],
      },
      {
        when: /nobody inside ran a set-user-ID program/,
        hints: ['Whoever ran it was root already, and it could give nothing: become other first.'],
      },
    ],
  },
]
