/**
 * Small parts of HTML.
 */

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** A text as it stands in HTML, between tags or in an attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, letter => ENTITIES[letter] as string)

/** A text for people as it was before {@link escapeHtml}. */
export const unescapeHtml = (text: string): string =>
  text
    .replace(
      /&(lt|gt|quot|#39|#x27);/g,
      (_, name) => ({ lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'" })[name as string] ?? '',
    )
    .replaceAll('&amp;', '&')
