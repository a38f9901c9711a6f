/** What may be logged of an unforeseen error: its kind and place. Database errors repeat values in their message. */
export function describeFailure(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `a ${typeof thrown} was thrown`;
  const { code } = thrown as { code?: string };
  const place =
    thrown.stack
      ?.split('\n')
      .filter((line) => /^\s+at /.test(line))
      .join('\n') ?? '';
  const message = 'query' in thrown ? '' : `: ${thrown.message}`;
  return `${thrown.name}${code ? ` ${code}` : ''}${message}\n${place}`;
}
