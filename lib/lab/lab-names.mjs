/**
 * What a reader may call a lab. JavaScript, because `labs/run` uses it before TypeScript can be loaded.
 */

/** The parts of a slug: `03-newnet` is `03` and `newnet`. */
function namesOf(slug) {
  const [digits, ...words] = slug.split('-')
  return [slug, words.join('-'), digits, String(Number(digits)), ...words.filter(word => word.length > 2)]
}

export function slugOf(name, slugs) {
  const wanted = name.toLowerCase().replace(/^lab-?/, '')
  return slugs.find(slug => namesOf(slug).includes(wanted))
}

export function unknownLab(name, slugs) {
  const known = slugs.map(slug => `lab${Number.parseInt(slug, 10)} (${slug})`).join(', ')
  return `unknown lab ${JSON.stringify(name)}\nhint: the labs are ${known}`
}
