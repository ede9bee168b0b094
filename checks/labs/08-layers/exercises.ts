/**
 * The exercises of lab 8.
 */
import type { Proof } from '../exercise.ts'
import { type Exercise, titlesOf } from '../exercise.ts'
import { checker } from './claims.ts'
import { chosen, list, type Seen } from './evidence.ts'

const [IMAGE, ROOT, , , , , PIVOT, ESCAPE, VOLUMES, PROPAGATION] = titlesOf(checker)

/** Whether an overlay was mounted as it is to be: what becomes of it is another task. */
function isLaid(seen: Seen): Proof {
  const { overlay } = chosen(seen) ?? {}
  if (!overlay) return undefined
  if (overlay.lower.length < 2) return 'The overlay has one layer below: lower is a list, the uppermost first.'
  if (overlay.upper === undefined) return 'The overlay has no upper directory that can be found.'
  return overlay.lower.includes(undefined) ? 'Not all of its lower directories could be found.' : true
}

/** What of the small layer was seen, as soon as it lies in an overlay. */
function isWritten(seen: Seen): Proof {
  const { image } = chosen(seen)?.overlay ?? {}
  if (!image) return undefined
  const { changed, added, removed } = image
  if (changed.length > 0 && added.length > 0 && removed.length > 0) return true
  return `It changes ${list(changed)}, adds ${list(added)} and removes ${list(removed)}.`
}

export const exercises: readonly Exercise<Seen>[] = [
  {
    region: 'small-layer',
    task: 'Write a layer that changes etc/hosts, removes etc/profile and adds srv/index.html.',
    given: 'small is what stands in its archive: texts by path. An empty file etc/.wh.NAME removes etc/NAME.',
    claim: IMAGE,
    proof: isWritten,
    blank: task => `const small = openTask<Record<string, string>>(${task})`,
    hints: [
      'A layer holds only what is different from the layers below. How can an archive say that a file is gone?',
      'By a file whose name begins with .wh.: the name of what it removes stands behind that, in the same directory.',
      "const small = { 'etc/hosts': '127.0.0.1 localhost\\n', 'etc/.wh.…': '', 'srv/…': 'hello\\n' }",
    ],
    seen: [
      {
        when: /removed: nothing/,
        hints: ['Nothing is removed: the mark is etc/.wh.profile, in the directory of what it hides, and it is empty.'],
      },
      {
        when: /changed: nothing/,
        hints: ['Nothing is changed: the root file system has etc/hosts, without a slash in front.'],
      },
      { when: /added: nothing/, hints: ['Nothing is added: srv/index.html is in no layer below.'] },
    ],
  },
  {
    region: 'overlay',
    task: 'Lay the directories over one another: lower is read, NAME/upper is written to, and NAME/root shows the whole.',
    given:
      'mountOverlay({ lower, upper, work }, target) makes what is missing of the last three, and returns the target. work is an empty directory beside upper, which the kernel needs.',
    claim: ROOT,
    stopsAt: IMAGE,
    proof: isLaid,
    blank: task => `openTask<string>(${task})`,
    hints: [
      'The kernel has a file system for this, and mount(2) attaches it: its type is overlay. It is told of directories by its options.',
      'mountOverlay writes the options: lowerdir=…:…,upperdir=…,workdir=…. lower is a list already, in the right order.',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a line of the reader's program
      'mountOverlay({ lower, upper: `${name}/upper`, work: … }, `${name}/root`)',
    ],
    seen: [
      {
        when: /mount\("overlay".*: (EBUSY|EINVAL)/,
        hints: ['Each overlay needs an upper and a work directory of its own, on one file system: those of its name.'],
      },
      {
        when: /mount\("overlay".*: ENOENT/,
        hints: ['One of the lower directories is not there: lower names them already, from where you are.'],
      },
    ],
  },
  {
    region: 'pivot',
    task: 'Make newRoot the root of the mount namespace, mount a new /proc, and take the old root off.',
    given:
      "M.pivotRoot(new, old), M.mount('proc', '/proc', 'proc'), M.umount2(path, M.MNT_DETACH), closeDirectories().",
    claim: PIVOT,
    stopsAt: ROOT,
    blank: task => `openTask(${task})`,
    hints: [
      'pivot_root(2) needs a place for the old root. It may be the same directory: then the old root lies on top of the new one.',
      "Go there first: process.chdir(newRoot), then M.pivotRoot('.', '.'). What lies on top is taken off by M.umount2('.', M.MNT_DETACH).",
      "chdir(newRoot); pivotRoot('.', '.'); mount /proc; umount2('.', …); chdir('/'); and closeDirectories(), because what is open leads back.",
    ],
    seen: [
      {
        when: /old root is still mounted/,
        hints: ["The old root is still there: M.umount2('.', M.MNT_DETACH) after M.pivotRoot('.', '.') takes it off."],
      },
      {
        when: /its descriptor \d+ is .*a directory of the old root/,
        hints: ['A directory of the old root is still open: closeDirectories() closes it, once /proc is there.'],
      },
      { when: /working directory is/, hints: ["The process still stands in the old root: process.chdir('/')."] },
      {
        when: /whose own root is another/,
        hints: [
          'chroot(2) changes the root of the process alone; above it all is as it was. pivot_root(2) changes that of the namespace.',
        ],
      },
      {
        when: /mount\(.*proc.*\): EPERM/,
        hints: [
          'Without root of the machine a proc may be mounted only while another can be seen: before the old root is taken off.',
        ],
      },
      {
        when: /pivot_root\(.*\): EINVAL/,
        hints: [
          'EINVAL: the new root has to be a mount point, which the overlay is, and the process has to stand in it for the dots to mean it.',
        ],
      },
    ],
  },
  {
    region: 'escape',
    task: 'Walk out as one walks out of chroot(2): make a directory the root, stay outside of it, go up, make that the root.',
    given:
      'mkdirSync, M.chroot(path), process.chdir(path). Nothing of it may fail: the way up ends where there is no more.',
    claim: ESCAPE,
    hints: [
      'chroot(2) does not move the working directory. Where does .. stop, if the root is not on the way?',
      "Nowhere but at the top of the mount namespace: M.chroot('/srv'), then process.chdir('..') a hundred times.",
      "M.chroot('/srv'); for (…) process.chdir('..'); M.chroot('.').",
    ],
    seen: [
      {
        when: /nobody inside changed their root/,
        hints: [
          "The second chroot, M.chroot('.'), has to come while the process stands outside of it: no chdir('/') between.",
        ],
      },
      {
        when: /and no further/,
        hints: ["It stopped on the way: process.chdir('..') has to come more often than there are directories."],
      },
    ],
  },
  {
    region: 'volumes',
    task: 'Bind data and config from outside onto the directories of that name in the new root, config read-only.',
    given:
      'M.mount(source, target, null, M.MS_BIND); a bind mount becomes read-only in a second call, by M.MS_REMOUNT.',
    claim: VOLUMES,
    hints: [
      'A bind mount attaches a directory in a second place. Why does it have to come before the change of root?',
      'Afterwards what is outside has no path any more. Read-only is a property of the mount: bind first, then change that mount.',
      'M.mount(name, `…/$' +
        '{name}`, null, M.MS_BIND) for both, then M.MS_REMOUNT | M.MS_BIND | M.MS_RDONLY for config.',
    ],
    seen: [
      {
        when: /\/config was written to/,
        hints: [
          'config can be written to: the first call ignores MS_RDONLY. A second one has MS_REMOUNT, MS_BIND and MS_RDONLY.',
        ],
      },
      {
        when: /answered EROFS/,
        hints: ['Only config was seen: data has to be bound from outside, too, and to stay writable.'],
      },
    ],
  },
  {
    region: 'propagation',
    task: 'Bind media three times into the new root, onto shared, slave and private, and let each be what it is called.',
    given:
      'M.mount with M.MS_BIND, and setPropagation(target, kind) with one of the three words. media itself is shared.',
    claim: PROPAGATION,
    hints: [
      'A copy of a shared mount is in the same peer group as the original. What makes a copy only listen, and what makes it deaf?',
      'MS_SLAVE and MS_PRIVATE, which setPropagation asks for, on the mount that was just made.',
      "for (const kind of ['shared', 'slave', 'private'] as const) { M.mount('media', …, null, M.MS_BIND); setPropagation(…, kind) }",
    ],
    seen: [
      {
        when: /only a mount that is made inside in the private volume/,
        hints: [
          'All three are private: media has to be bound while it is shared, and setPropagation comes after the bind.',
        ],
      },
      {
        when: /mount\("mine".*: ENOENT/,
        hints: ['What is mounted later was not there: media is bound onto shared, slave and private of newRoot.'],
      },
      {
        when: /only a mount that/,
        hints: ['Read in what was seen which of the three passes on too much or too little.'],
      },
    ],
  },
]
