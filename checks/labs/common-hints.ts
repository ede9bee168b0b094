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
    when: /exec\w*\("[^"\s]+ [^"]*"/,
    hints: [
      'ENOENT: there is no program with spaces in its name. The program and each argument are words of their own.',
    ],
  },
  {
    when: / must be .+, not undefined/,
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

/** Hints for errors that end a program; for what follows in other processes; and for a program that does not end. */
export const COMMON = { errors, others, hang } as const
