import chalk from 'chalk'

// chalk itself knows only FORCE_COLOR.
if (process.env['NO_COLOR']) chalk.level = 0

/** Colours for a terminal; none into a pipe, and none with NO_COLOR. */
export { chalk }
