/** The dialect that a DATABASE_URL asks for; undefined where its scheme is unknown. */
export function databaseDialect(url: string): 'sqlite' | 'mysql' | undefined {
  if (/^(mysql|mariadb):\/\/.+/.test(url)) return 'mysql';
  return /^sqlite:.+/.test(url) ? 'sqlite' : undefined;
}

/** The file of a `sqlite:` URL: `sqlite:./x.db`, `sqlite:///abs/x.db`. */
export function sqliteFile(url: string): string {
  return url.replace(/^sqlite:(\/\/)?/, '');
}
