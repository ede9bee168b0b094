/**
 * Hints for what is seen in every lab, whatever the task.
 */
import type { SeenHints } from './exercise.ts'

const errors: readonly SeenHints[] = [
  {
    when: /(clone|unshare|mount|sethostname|ioctl)\(.*\): EPERM/,
    hints: ['EPERM: that call needs root, or a namespace in which you are. Read its line: was it made outside?'],
  },
  {
    when: /clone\(.*\): EINVAL/,
    hints: ['EINVAL: these flags contradict each other. CLONE_FS does not go with CLONE_NEWNS, for example.'],
  },
  {
    when: /waitpid\(.*\): ECHILD/,
    hints: ['ECHILD: there is no such child to wait for. Was it cloned with SIGCHLD, and is it waited for only once?'],
  },
  {
    when: /ioctl\(.*\): ENODEV|Cannot find device/,
    hints: ['ENODEV: in this network there is no interface of that name. Who is where, and is it there yet?'],
  },
  {
    when: /cgroup\.procs.*ESRCH/,
    hints: ['ESRCH: no process has that number any more. It had ended before it was put into the group.'],
  },
  {
    when: /EBADF/,
    hints: ['EBADF: that descriptor is not open here. Was it closed before, or never opened by this process?'],
  },
  {
    when: /mount\(.*\): ENODEV/,
    hints: ['ENODEV: the kernel knows no file system of that type. How is it spelt in mount(8)?'],
  },
  {
    when: /mount\(.*\): EINVAL/,
    hints: ['EINVAL: that makes no sense to mount(2). Compare each of its words, and the flags, with its man page.'],
  },
  {
    when: /(mount|chroot|umount2)\(.*\): ENOENT/,
    hints: ['ENOENT: no such path, seen from where that process is: behind a chroot() the names from before are gone.'],
  },
  {
    when: /^kill\(.*\): ESRCH/m,
    hints: ['ESRCH: nobody has that number, seen from where kill() was called, and the error ended the program.'],
  },
  {
    when: /gate: it cannot be (opened|waited for) here/,
    hints: ['Each side uses a gate once: this one has been used up. At which gate does the other side stand now?'],
  },
  {
    when: /^ +(Object|Command) ".*" is unknown|argument ".*" is wrong|".*" is garbage/m,
    hints: ['One word of that command is not as it should be: the line below the command says which.'],
  },
  {
    when: /exec\w*\("[^"\s]+ [^"]*"/,
    hints: [
      'ENOENT: there is no program with spaces in its name. The program and each argument are words of their own.',
    ],
  },
  {
    when: /exec\w*\("[^"\s]+"\): ENOENT/,
    hints: ['ENOENT: PATH has no program of that name. How is it spelt?'],
  },
  {
    when: / must be .+(, not undefined|Received undefined)/,
    hints: [
      'Something is undefined that a call was given: see in the line below its message which variable, and who should have set it.',
    ],
  },
  {
    when: /failed \(.*\): .*\bundefined\b/,
    hints: ['A word of that command is "undefined": a variable in it has no value. See the line of your file.'],
  },
  {
    when: / must be .+, not /,
    hints: ['A call refused what it was given. Its line says what it wants, what it got, and where in your file.'],
  },
  {
    when: /(ReferenceError|TypeError|SyntaxError|RangeError): /,
    hints: ['An error of JavaScript stopped the program: its message names the place in your file.'],
  },
  {
    when: /a command of the program failed/,
    hints: ['A command failed. What it said itself is behind its exit code.'],
  },
]

const slips: readonly SeenHints[] = [
  {
    when: /\bCLONE_\w+\s*&{1,2}\s*(F\.)?(CLONE_|SIGCHLD)/,
    hints: [
      'Flags are combined by |, which keeps all of them: & keeps what both sides have, and of two flags that is none.',
    ],
  },
  {
    when: /\b(clone|fork)\(\s*child\(/,
    hints: [
      'child(…) runs the function here and now, in your own process. What clone() and fork() take is its name: child.',
    ],
  },
  {
    when: /^\s*[\w.]+\.(open|wait|freeze|thaw|remove)\s*;?\s*$/m,
    hints: ['Without the brackets behind its name a function is only mentioned: () calls it.'],
  },
]

const others: readonly SeenHints[] = [
  {
    when: /gate: it was closed/,
    hints: ['Somebody waited at a gate, and the one who should have opened it had ended. Whose error came first?'],
  },
]

const hang: readonly SeenHints[] = [
  {
    when: /has been computing/,
    hints: ['It computes and never comes to an end: a loop, such as while (true), that nothing ends.'],
  },
  {
    when: /at a gate/,
    hints: [
      'Who waits, and for whom? A gate is opened by one side and waited at by the other: somebody waits in vain.',
    ],
  },
  {
    when: /waits for the end of a child/,
    hints: ['waitpid() waits for a child that does not end. What is it at, and who should have ended it?'],
  },
  {
    when: /still running after/,
    hints: [
      'The program did not end in its time. What takes so long, or comes again and again? r runs it before your eyes.',
    ],
  },
]

/**
 * Hints for errors that end a program; for what follows in other processes; for a program that does not end; and for what
 * is written in a way that cannot have been meant.
 */
export const COMMON = { errors, others, hang, slips } as const
