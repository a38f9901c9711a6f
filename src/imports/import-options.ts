import { parseArgs } from 'node:util';
import { OLD_KINDS, OLD_SURFACES, type OldKind, type OldSurface } from './old-shapes.js';
import { isTimeZone } from './old-values.js';

/** What becomes of an old account whose username somebody has here. */
export const SAME_NAME = ['rename', 'merge', 'skip'] as const;
export type SameName = (typeof SAME_NAME)[number];

/** What a run is asked for. */
export interface ImportOptions {
  surface: OldSurface;
  /** Of the old database, with the password. */
  url: string;
  /** What the old database is known by, where it is not its server's and its own name. */
  source: string | undefined;
  sameName: SameName;
  /** Writes nothing, and tells what would come. */
  dryRun: boolean;
  /** A file to write the report into. */
  report: string | undefined;
  /** Names of tables, where the operator knows better. */
  tables: Partial<Record<OldKind, string>>;
  /** The zone of the old times. */
  timeZone: string;
}

/** The command was given wrongly; the message says how. */
export class UsageError extends Error {}

export const USAGE = `usage: npm run import -- <surface> <url> [options]

  surface                 ${OLD_SURFACES.join(', ')} (widget keeps nothing that could be imported)
  url                     mysql://user:password@host:port/database; - reads it from standard input

  --same-name=rename      what becomes of a user whose name somebody has here: rename (default), merge, skip
  --dry-run               write nothing, tell what would come
  --report=file.json      write the report into a file, too
  --table kind=name       name a table (${OLD_KINDS.join(', ')}); may be repeated
  --time-zone=UTC         zone of the times in the old database
  --source=name           what the old database is known by; by default its host, port and name`;

/** @param readLine reads the URL from standard input @throws UsageError */
export async function readOptions(
  args: string[],
  readLine: () => Promise<string>,
): Promise<ImportOptions | 'help'> {
  const { values, positionals } = parsed(args);
  if (values.help) return 'help';
  const [surface, url, ...more] = positionals;
  if (surface === 'widget') throw new UsageError('widget keeps nothing: there is no database to import');
  const known = OLD_SURFACES.find((name) => name === surface);
  if (!known || url === undefined || more.length > 0) throw new UsageError(USAGE);
  const timeZone = values['time-zone'] ?? 'UTC';
  if (!isTimeZone(timeZone)) throw new UsageError(`--time-zone: ${timeZone} is no time zone`);
  return {
    surface: known,
    url: checkedUrl(url === '-' ? (await readLine()).trim() : url),
    source: values.source,
    sameName: oneOf(SAME_NAME, values['same-name'] ?? 'rename', '--same-name'),
    dryRun: values['dry-run'] ?? false,
    report: values.report,
    tables: Object.fromEntries((values.table ?? []).map(namedTable)),
    timeZone,
  };
}

const OPTIONS = {
  'same-name': { type: 'string' },
  'dry-run': { type: 'boolean' },
  report: { type: 'string' },
  table: { type: 'string', multiple: true },
  'time-zone': { type: 'string' },
  source: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

/** Its password is in it: no message repeats it. */
function checkedUrl(url: string): string {
  const isFit = /^(mysql|mariadb):\/\//.test(url) && URL.canParse(url) && new URL(url).pathname.length > 1;
  if (!isFit) throw new UsageError('the url must be like mysql://user:password@host:port/database');
  return url;
}

function namedTable(text: string): [OldKind, string] {
  const [kind = '', ...name] = text.split('=');
  if (name.length === 0) throw new UsageError('--table: must be like topics=chat_topic');
  return [oneOf(OLD_KINDS, kind, '--table'), name.join('=')];
}

function oneOf<T extends string>(known: readonly T[], text: string, option: string): T {
  const found = known.find((one) => one === text);
  if (!found) throw new UsageError(`${option}: must be one of ${known.join(', ')}`);
  return found;
}
