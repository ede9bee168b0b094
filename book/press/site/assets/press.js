// What the pages of the book can do: light and dark, copying, searching. Without this script they can all be read.
const root = document.documentElement
const up = root.dataset.up ?? ''

function setUpTheme() {
  const button = document.getElementById('theme')
  const isDark = () =>
    (root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark'
  const tell = () => button.setAttribute('aria-label', isDark() ? 'Change to light' : 'Change to dark')
  button.hidden = false
  tell()
  button.addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark'
    tell()
    try {
      localStorage.setItem('theme', root.dataset.theme)
    } catch {
      // The choice cannot be kept, so it holds for this page only.
    }
  })
}

/** The text of a block; of a session only its commands. */
function textOf(block) {
  const commands = [...block.querySelectorAll('.command')]
  if (block.classList.contains('session')) return commands.map(command => command.textContent).join('\n')
  return block.querySelector('pre').textContent
}

async function copy(button) {
  const text = textOf(button.parentElement)
  try {
    await navigator.clipboard.writeText(text)
    button.textContent = 'Copied'
  } catch {
    button.textContent = 'Not allowed'
  }
  setTimeout(() => {
    button.textContent = 'Copy'
  }, 1500)
}

function load(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script')
    script.src = up + name
    script.onload = resolve
    script.onerror = reject
    document.head.append(script)
  })
}

let engine
/** The index, which is loaded at the first search. */
function search() {
  engine ??= Promise.all([load('minisearch.js'), load('search-index.js')]).then(() =>
    MiniSearch.loadJSON(window.bookIndex.index, window.bookIndex.options),
  )
  return engine
}

function setUpSearch() {
  const input = document.getElementById('search')
  const list = document.getElementById('found')
  const count = document.getElementById('count')
  let chosen = -1

  const choose = at => {
    const items = [...list.children]
    chosen = items.length === 0 ? -1 : (at + items.length) % items.length
    for (const [i, item] of items.entries()) item.setAttribute('aria-selected', String(i === chosen))
    if (chosen < 0) input.removeAttribute('aria-activedescendant')
    else {
      input.setAttribute('aria-activedescendant', items[chosen].id)
      items[chosen].scrollIntoView({ block: 'nearest' })
    }
  }
  const close = () => {
    list.hidden = true
    input.setAttribute('aria-expanded', 'false')
    input.removeAttribute('aria-activedescendant')
  }
  const item = ({ id, title, chapter, start }, i) => {
    const line = document.createElement('li')
    const name = document.createElement('b')
    const where = document.createElement('small')
    name.textContent = title
    where.textContent = title === chapter ? start : `${chapter} · ${start}`
    line.append(name, where)
    line.id = `found-${i}`
    line.dataset.to = up + id
    line.setAttribute('role', 'option')
    return line
  }
  const show = async () => {
    const words = input.value.trim()
    if (words === '') {
      close()
      return
    }
    const index = await search()
    const boost = { title: 3 }
    const found = index.search(words, { prefix: true, fuzzy: 0.15, boost, combineWith: 'AND' }).slice(0, 12)
    if (input.value.trim() !== words) return
    list.replaceChildren(...found.map(item))
    list.hidden = found.length === 0
    input.setAttribute('aria-expanded', String(found.length > 0))
    count.textContent = found.length === 0 ? 'Nothing found' : `${found.length} found`
    choose(0)
  }
  const go = line => {
    close()
    location.href = line.dataset.to
  }

  input.addEventListener('focus', () => search(), { once: true })
  input.addEventListener('input', show)
  input.addEventListener('keydown', event => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      choose(chosen + (event.key === 'ArrowDown' ? 1 : -1))
    } else if (event.key === 'Enter' && !list.hidden && chosen >= 0) go(list.children[chosen])
    else if (event.key === 'Escape') close()
  })
  list.addEventListener('mousedown', event => {
    const line = event.target.closest('li')
    if (line) go(line)
  })
  input.addEventListener('blur', close)
  document.addEventListener('keydown', event => {
    const isTyping = event.target.closest('input, textarea')
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    input.focus()
  })
}

setUpTheme()
setUpSearch()
document.addEventListener('click', event => {
  const button = event.target.closest('.copy')
  if (button) copy(button)
})
// For printing all answers are unfolded, because paper cannot do it, and the page is light.
let theme
addEventListener('beforeprint', () => {
  for (const answer of document.querySelectorAll('details')) answer.open = true
  theme = root.dataset.theme
  root.dataset.theme = 'light'
})
addEventListener('afterprint', () => {
  if (theme) root.dataset.theme = theme
  else delete root.dataset.theme
})
