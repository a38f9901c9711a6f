import type { Schema } from './openapi-schema.ts';

export interface BadValue {
  what: string;
  value: unknown;
}

const OF_EVERY_TYPE: Record<string, unknown[]> = {
  string: ['nonsense'],
  number: [7.5, 1e300],
  integer: [7.5, 1e300],
  boolean: [true],
  array: [[], [1]],
  object: [{}, { nonsense: 1 }],
};

/** Values that a property does not take, by what its schema says. */
export function badValues(schema: Schema): BadValue[] {
  return [...wrongTypes(schema), ...outOfBounds(schema)];
}

function wrongTypes(schema: Schema): BadValue[] {
  const others = Object.entries(OF_EVERY_TYPE)
    .filter(([type]) => type !== schema.type && !(schema.type === 'number' && type === 'integer'))
    .filter(([type]) => !(schema.type === 'integer' && type === 'number'))
    .flatMap(([type, values]) => values.map((value) => ({ what: `a value of the type ${type}`, value })));
  const nothing = schema.nullable ? [] : [{ what: 'null', value: null }];
  const items =
    schema.type === 'array'
      ? [{}, null, [], schema.items?.type === 'integer' ? '1' : 1].map((item) => ({
          what: 'a list of something else',
          value: [item],
        }))
      : [];
  return [...others, ...nothing, ...items];
}

function outOfBounds(schema: Schema): BadValue[] {
  const { maxLength, minLength, minimum, maximum } = schema as Record<string, number | undefined>;
  const values: BadValue[] = [];
  if (schema.enum) values.push({ what: 'none of its values', value: 'none-of-them' });
  if (maxLength) values.push({ what: 'too long a text', value: 'x'.repeat(maxLength + 1) });
  if (maxLength) values.push({ what: 'too long a text of emoji', value: '😀'.repeat(maxLength + 1) });
  if (minLength) values.push({ what: 'too short a text', value: 'x'.repeat(minLength - 1) });
  if (minimum !== undefined) values.push({ what: 'too small a number', value: minimum - 1 });
  if (maximum !== undefined) values.push({ what: 'too large a number', value: maximum + 1 });
  if (schema.type === 'integer') values.push({ what: 'a number as text', value: '3' });
  return values;
}

/** Ids that are none: each as it stands in a URL. */
export const BAD_IDS = [
  ...['abc', '0', '-1', '1.5', '+1', '01', '1e3', '0x10', '9007199254740993', '99999999999999999999'],
  ...[
    '%00',
    '1%00',
    '%201',
    '1%0A',
    '%EF%BC%91',
    'null',
    'undefined',
    'NaN',
    'Infinity',
    '%F0%9F%98%80',
    '1,2',
  ],
  ...["1'", '1%20OR%201=1', '%2e%2e%2f1', '%', '%ff', '%c0%80', 'x'.repeat(499), '1'.repeat(2_000)],
];

const cursorOf = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Cursors that nobody was given. Those of whole numbers could be of some list: they need not be refused. */
export const BAD_CURSORS = [
  ...['garbage', '%00', '%F0%9F%98%80', '', 'null', 'W10', '1', '-1', 'x'.repeat(200), 'eyJhIjoxfQ=='],
  ...[[], {}, null, 'text', ['1'], [1.5], [null], [[1]], [1, 2, 3], [1e300], ['1', '2']].map(cursorOf),
];
export const MADE_UP_CURSORS = [
  ...[[-1], [0], [Number.MAX_SAFE_INTEGER], [Number.MIN_SAFE_INTEGER], [-1, -1], [0, 0]].map(cursorOf),
  ...[Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 8.64e15, 8.64e15 + 1, -8.64e15, 253402300800000].map(
    (at) => cursorOf([at, 1]),
  ),
];

const LIMITS = [
  '0',
  '101',
  '-1',
  'abc',
  '1.5',
  '',
  'null',
  'NaN',
  '1e400',
  '%00',
  '%F0%9F%98%80',
  '9'.repeat(400),
];

/** What a query's parameter does not take, as it stands in the URL behind the `?`. */
export function badQueries(name: string, schema: Schema): string[] {
  if (name === 'cursor')
    return [...BAD_CURSORS, 'x'.repeat(201)].map((value) => `cursor=${value}`).concat('cursor=a&cursor=b');
  // May be repeated.
  if (schema.type === 'array') return [`${name}=`, `${name}=%20`, `${name}[a]=1`];
  if (schema.type !== 'number' && schema.type !== 'integer') return [`${name}=a&${name}=b`];
  const maximum = (schema as { maximum?: number }).maximum;
  const fits = (text: string): boolean => text === '101' && (maximum === undefined || maximum > 100);
  // An offset may be 0.
  const isZero = (text: string): boolean => text === '0' && (schema as { minimum?: number }).minimum === 0;
  // Where nothing is asked for, everything is given.
  const isAbsent = (text: string): boolean => text === '' && (schema as { minimum?: number }).minimum === 0;
  const values = LIMITS.filter((text) => !fits(text) && !isZero(text) && !isAbsent(text));
  return [...values.map((value) => `${name}=${value}`), `${name}=1&${name}=2`, `${name}[]=1`, `${name}[a]=1`];
}
