/** The C library of a program, by default of this Node. */
export function libcName(program?: string): 'glibc' | 'musl'
/** The file in native/build for this Node, or for one with that C library and processor. */
export function shimName(libc?: 'glibc' | 'musl', arch?: string): string
