/**
 * What a call asks the upstream to do. On the wire a switch is `key=value` (a key alone means true), several are
 * separated by commas: `gap=20,count=50,reset=5`. See `HELP` for the meanings.
 */
export interface Switches {
  /** Milliseconds before the head, before the first chunk, and between chunks. */
  delay?: number;
  first?: number;
  gap?: number;
  /** Bytes per write; each is flushed on its own. */
  bytes?: number;
  /** Byte offset at which the whole stream is cut into exactly two writes. */
  split?: number;
  /** Chunks of the answer; the pieces are repeated when there are fewer. */
  count?: number;
  pieces?: string[];
  /** The answer repeats the last user message. */
  echo?: boolean;
  /** Chunks of thinking before the answer. */
  thinking?: number;
  finish?: string;
  /** After n chunks: destroy the socket, end the stream cleanly but unfinished, send nothing more, send an error. */
  reset?: number;
  end?: number;
  hang?: number;
  error?: number;
  /** The socket is destroyed after so many bytes of the stream, wherever in a character that is. */
  drop?: number;
  /** `rst` (default) or `fin`. */
  'reset-how'?: string;
  'hang-head'?: boolean;
  /** Answer with this HTTP error. */
  status?: number;
  /** The provider's code in an error body or event. */
  code?: string;
  'retry-after'?: string;
  'retry-after-ms'?: string;
  /** The faults hold for the first n calls with this very model string; later ones are answered well. */
  'fail-times'?: number;
  /** The faults hold for so many percent of the calls with this very model string, always for the same ones. */
  'fail-rate'?: number;
  'no-done'?: boolean;
  /** The whole answer is sent, but the response is never ended. */
  'hang-tail'?: boolean;
  'no-usage'?: boolean;
  'usage-twice'?: boolean;
  crlf?: boolean;
  bom?: boolean;
  /** A broken line after two chunks: `json` (default; unreadable data) or `line` (no field of an event stream). */
  garbage?: string | boolean;
  /** A line of so many MB after two chunks. */
  'huge-line'?: number;
  'never-ending'?: boolean;
  /** OpenAI: an `obfuscation` member in every chunk. */
  obfuscation?: boolean;
  /** Application: every text repeats everything before it, whatever was asked for. */
  cumulative?: boolean;
  'ignore-incremental'?: boolean;
  /** Application, cumulative: after n chunks the text no longer begins with the one before. */
  rewrite?: number;
  /** Application: the final event has an empty text. */
  'empty-final'?: boolean;
  /** Application: `event` (default), `status-line`, or `bare` (code and message without `event:error`). */
  'error-style'?: string;
  /** Application: HTTP status inside an error event. */
  'error-status'?: number;
  /** Application: `reject_status: true` in place of an answer. */
  reject?: boolean;
  /** Application: texts in `workflow_message` instead of `text`. */
  workflow?: boolean;
  /** Qwen's speech: the link is `none`, a `file`, leads to a `redirect` or is `missing`; or the answer is `garbage`. */
  link?: string;
}

const NUMBERS = new Set<string>([
  'delay',
  'first',
  'gap',
  'bytes',
  'split',
  'count',
  'thinking',
  'reset',
  'drop',
  'end',
  'hang',
  'error',
  'status',
  'fail-times',
  'fail-rate',
  'huge-line',
  'rewrite',
  'error-status',
]);

const TEXTS = new Set<string>([
  'finish',
  'code',
  'retry-after',
  'retry-after-ms',
  'reset-how',
  'garbage',
  'error-style',
  'link',
]);

const FLAGS = new Set<string>([
  'echo',
  'hang-head',
  'hang-tail',
  'no-done',
  'no-usage',
  'usage-twice',
  'crlf',
  'bom',
  'never-ending',
  'obfuscation',
  'cumulative',
  'ignore-incremental',
  'empty-final',
  'reject',
  'workflow',
]);

const FAULTS = [
  'reset',
  'drop',
  'end',
  'hang',
  'error',
  'hang-head',
  'hang-tail',
  'status',
  'garbage',
  'huge-line',
  'never-ending',
  'rewrite',
  'reject',
  'link',
] as const;

/** A switch that the upstream does not know: most likely a mistyped test, so the call is refused. */
export class UnknownSwitchError extends Error {}

/** The switches behind the first `:` of a model name; undefined where it has none. */
export function switchesOfName(name: string | undefined): Switches | undefined {
  const at = name?.indexOf(':') ?? -1;
  return name === undefined || at < 0 ? undefined : parseSwitches(name.slice(at + 1));
}

export function parseSwitches(text: string): Switches {
  const switches: Record<string, unknown> = {};
  for (const item of text.split(',').filter((part) => part.trim() !== '')) {
    const at = item.indexOf('=');
    const key = (at < 0 ? item : item.slice(0, at)).trim();
    const value = at < 0 ? undefined : item.slice(at + 1);
    if (key === 'pieces-b64')
      switches['pieces'] = JSON.parse(Buffer.from(value ?? '', 'base64url').toString());
    else switches[key] = typed(key, value);
  }
  return switches as Switches;
}

/** The value of the switch `pieces-b64`, for texts that cannot stand in a model's name. */
export function piecesB64(pieces: string[]): string {
  return Buffer.from(JSON.stringify(pieces)).toString('base64url');
}

/** The same switches without anything that goes wrong. */
export function withoutFaults(switches: Switches): Switches {
  const good = { ...switches };
  for (const fault of FAULTS) delete good[fault];
  return good;
}

/** Whether `fail-rate` has the n-th call fail: spread like chance (a hash of n), and the same in every run. */
export function failsByRate(percent: number, n: number): boolean {
  let hash = Math.imul(n + 1, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32 < percent / 100;
}

function typed(key: string, value: string | undefined): unknown {
  if (FLAGS.has(key)) return value === undefined || value === 'true' || value === '1';
  if (NUMBERS.has(key)) {
    const number = Number(value ?? 1);
    if (Number.isNaN(number)) throw new UnknownSwitchError(`${key} needs a number`);
    return number;
  }
  if (TEXTS.has(key)) return value ?? true;
  throw new UnknownSwitchError(`unknown switch ${key}`);
}

export const HELP = `Switches, behind the first ":" of the model name (or of the application's id, or of parameters.model_id),
in the header x-upstream, or for all calls by PUT /__defaults with JSON. Example: "model": "test:gap=20,count=50,reset=5"

  delay=ms first=ms gap=ms     before the head, before the first chunk, between chunks
  count=n  pieces-b64=...      the answer: n chunks; base64url of a JSON array of strings
  echo                         the answer repeats the last user message
  thinking=n  finish=reason    n chunks of thinking first; the finish_reason
  bytes=n  split=offset        n bytes a write; the whole stream in two writes
  status=n  code=c  retry-after=s  retry-after-ms=ms     an HTTP error
  hang-head  hang=n  hang-tail no head; nothing more after n chunks; the whole answer, but no end
  reset=n  reset-how=rst|fin   the socket is destroyed after n chunks
  drop=bytes                   it is destroyed after so many bytes of the stream
  end=n                        the stream ends after n chunks, unfinished
  error=n  code=c              an error inside the stream after n chunks
  fail-times=n  fail-rate=percent   the faults hold for the first n calls of this model string; for so many of them
  no-done  no-usage  usage-twice  crlf  bom  obfuscation
  garbage=json|line  huge-line=MB  never-ending
  applications only: cumulative  ignore-incremental  rewrite=n  empty-final  reject  workflow
                     error-style=event|status-line|bare  error-status=n
  speech, whose chunks are of sound (count=0: none): first  gap  count  hang  end  reset  garbage  never-ending  hang-tail
  Qwen's speech only: link=none|file|redirect|missing|garbage; the faults of the sound are behind its link

GET /__log  DELETE /__log  GET /__health  PUT /__defaults  DELETE /__defaults`;
