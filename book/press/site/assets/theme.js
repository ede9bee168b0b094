// Sets light or dark, as the reader chose last, before anything is drawn.
try {
  const theme = localStorage.getItem('theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Some browsers store nothing for pages that are opened as files.
}
