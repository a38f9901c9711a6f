/** Round pictures of 96 by 96, for those who have none of their own. */
const picture = (background: string, title: string, shapes: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96" viewBox="0 0 96 96" role="img" aria-label="${title}">` +
  `<circle cx="48" cy="48" r="48" fill="${background}"/>${shapes}</svg>\n`;

/** A head with an antenna, two eyes and a mouth. */
export const BOT_SVG = picture(
  '#2563eb',
  'Bot',
  '<path d="M48 18v12" stroke="#fff" stroke-width="4" stroke-linecap="round"/>' +
    '<circle cx="48" cy="16" r="5" fill="#fff"/>' +
    '<rect x="22" y="30" width="52" height="42" rx="12" fill="#fff"/>' +
    '<circle cx="37" cy="48" r="5" fill="#2563eb"/><circle cx="59" cy="48" r="5" fill="#2563eb"/>' +
    '<path d="M38 61h20" stroke="#2563eb" stroke-width="4" stroke-linecap="round"/>',
);

/** A head and shoulders. */
export const USER_SVG = picture(
  '#64748b',
  'You',
  '<circle cx="48" cy="38" r="16" fill="#fff"/><path d="M18 80a30 24 0 0 1 60 0a48 48 0 0 1-60 0z" fill="#fff"/>',
);
