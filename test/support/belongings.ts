import { randomBytes } from 'node:crypto';
import type { ApiClient } from './client.ts';
import { FILE } from './openapi-samples.ts';
import { ended } from './recordings.ts';
import { attachFiles, storeDocument, storeFile } from './stored-file.ts';
import type { ApiContext } from './suite.ts';

/** One thing of every kind that a person can have; by the kind's segment in the paths. */
export type Belongings = Record<string, number[]>;

type Maker = (client: ApiClient, made: Belongings, ctx: ApiContext) => Promise<number[]>;

async function make(client: ApiClient, path: string, body: Record<string, unknown>): Promise<number[]> {
  return [(await client.post(path, body, { expect: 201 })).body.id];
}

/** How each kind comes to be, in an order in which each finds what it needs. */
const MAKERS: Record<string, Maker> = {
  users: (client) => Promise.resolve([client.account.id]),
  // By hand: the API would hash the password for each.
  'api-keys': async (client, _made, ctx) => {
    const { id } = client.account;
    const values = [
      id,
      'Report',
      'read',
      randomBytes(32).toString('hex'),
      'parley_…x7Qd',
      '2026-11-21 08:30:00.000',
    ];
    const columns = 'user_id, name, scopes, secret_hash, hint, created_at';
    await ctx.query(`INSERT INTO api_keys (${columns}) VALUES (?, ?, ?, ?, ?, ?)`, values);
    const rows = await ctx.query('SELECT id FROM api_keys WHERE user_id = ?', [id]);
    return rows.map((row) => Number(row.id));
  },
  chatbots: (client) => make(client, 'chatbots', { name: 'Bot', instructions: 'Be kind.' }),
  topics: (client) => make(client, 'topics', { theme: 'Tea', instructions: 'Talk about tea.' }),
  // Its variable is that of the document's examples.
  prompts: (client) =>
    make(client, 'prompts', { title: 'Tea', text: 'What is oolong, for {{audience}}?', tags: ['tea'] }),
  conversations: (client, { chatbots, topics }) =>
    make(client, 'conversations', {
      ...{ title: 'Tea', externalId: 'tea', chatbotId: chatbots![0], topicId: topics![0] },
    }),
  messages: async (client, { conversations }) => {
    const { body } = await client.post(
      `conversations/${conversations![0]}/messages`,
      { content: 'Hello' },
      { expect: 201 },
    );
    return [body.assistantMessage.id, body.userMessage.id];
  },
  // Messages without an answer: the only ones whose text can be another one.
  records: async (client) => {
    const [id] = await make(client, 'conversations', { title: 'Records' });
    const items = [{ role: 'user', content: 'Oolong, please.' }];
    const { body } = await client.post(`conversations/${id}/messages/records`, { items }, { expect: 201 });
    return [body.items[0].id];
  },
  // A kind that is done at once, by the API itself: what belongs to somebody does not change by itself.
  reviews: async (client, { messages }) => {
    const asked = { kind: 'pronunciation' };
    return [(await client.post(`messages/${messages![1]}/reviews`, asked, { expect: 200 })).body.id];
  },
  transcriptions: async (client, { conversations }) => {
    const form = new FormData();
    form.append('file', FILE, 'sample.wav');
    form.append('conversationId', String(conversations![0]));
    const { body } = await client.post('speech/transcriptions', form, { expect: 202 });
    // What belongs to somebody does not change by itself, nor wait for a worker where there is none.
    await client.post(`speech/transcriptions/${body.id}/cancel`, undefined, { expect: 200 });
    await ended(client, body.id);
    return [body.id];
  },
  files: async (client, { transcriptions, messages }, ctx) => {
    const { body } = await client.get(`speech/transcriptions/${transcriptions![0]}`, { expect: 200 });
    await attachFiles(ctx, messages!.at(-1)!, [body.fileId]);
    // As one is that has been read: while that is under way it changes.
    const upload = { kind: 'document', name: 'tea.txt', mediaType: 'text/plain' } as const;
    const { id } = await storeFile(ctx, client.account.id, Buffer.from('Oolong is tea.'), upload);
    return [body.fileId, id];
  },
  // As one is when it is done: a worker makes it, where there is one.
  exports: async (client, _, ctx) => {
    const { id: ownerId } = client.account;
    const options = { kind: 'export' as const, name: 'parley-export.zip', mediaType: 'application/zip' };
    const { id: fileId } = await storeFile(ctx, ownerId, Buffer.from('PK'), options);
    const times = ['2026-11-21 08:30:00.000', '2026-11-21 08:30:09.000'];
    const end = '2226-11-24 08:30:09.000';
    await ctx.query(
      `INSERT INTO data_exports (owner_id, status, runs, progress, file_id, created_at, finished_at, expires_at, due_at)
       VALUES (?, 'done', 1, 1, ?, ?, ?, ?, ?)`,
      [ownerId, fileId, ...times, end, end],
    );
    const rows = await ctx.query('SELECT id FROM data_exports WHERE owner_id = ?', [ownerId]);
    return rows.map(({ id }) => Number(id));
  },
  documents: async (client, _, ctx) => [
    await storeDocument(ctx, client.account.id, 'tea.pdf', ['Oolong is half oxidized.']),
  ],
  // As one is when it has ended: while it is on its way it changes what else there is.
  'voice-messages': async (client, { conversations, messages, transcriptions }, ctx) => {
    const values = {
      ...{
        owner_id: client.account.id,
        conversation_id: conversations![0],
        transcription_id: transcriptions![0],
      },
      ...{ user_message_id: messages![1], assistant_message_id: messages![0], status: 'done' },
      ...{ speak: 1, format: 'mp3', on_disconnect: 'continue', sentences: 0, attempt: 1 },
      ...{ created_at: '2026-11-21 08:30:00.000', finished_at: '2026-11-21 08:30:09.000' },
    };
    const marks = Object.keys(values).map(() => '?');
    const columns = Object.keys(values).join(', ');
    await ctx.query(
      `INSERT INTO voice_turns (${columns}) VALUES (${marks.join(', ')})`,
      Object.values(values),
    );
    const rows = await ctx.query('SELECT id FROM voice_turns WHERE owner_id = ?', [client.account.id]);
    return rows.map(({ id }) => Number(id));
  },
};

/** Makes one thing of every kind: through the API, where it makes such a thing by itself. */
export async function makeBelongings(client: ApiClient, ctx: ApiContext): Promise<Belongings> {
  const made: Belongings = {};
  for (const [kind, maker] of Object.entries(MAKERS)) made[kind] = await maker(client, made, ctx);
  return made;
}

/** The ids of a kind; a kind that nobody makes here is a test that nobody wrote. */
export function idsOf(belongings: Belongings, kind: string, where: string): number[] {
  const ids = belongings[kind];
  if (ids) return ids;
  throw new Error(`${where} names an object of the kind "${kind}": say in belongings.ts how one is made`);
}

/** Kinds that are listed only under something else. */
const WITHOUT_LIST = ['messages', 'records', 'reviews', 'documents', 'voice-messages'];

/** Everything of these belongings as its owner reads it. */
export async function readBelongings(
  client: ApiClient,
  belongings: Belongings,
): Promise<Record<string, unknown>> {
  const paths = Object.entries(belongings).flatMap(([kind, ids]) =>
    kind === 'users' ? ['users/me'] : [...ids.map((id) => `${pathOf(kind)}/${id}`), ...othersOf(kind, ids)],
  );
  const readable = [...paths, ...messagePages(belongings)];
  const answers = await Promise.all(
    readable.map(async (path) => [path, (await client.get(path, { expect: 200 })).body] as const),
  );
  return Object.fromEntries(answers);
}

/** What else there is to read of a kind. */
function othersOf(kind: string, ids: number[]): string[] {
  if (kind === 'files') return ['files', ...ids.map((id) => `files/${id}/content`)];
  return WITHOUT_LIST.includes(kind) ? [] : [pathOf(kind)];
}

/** Where a kind stands that is not at the top. */
const PATHS: Record<string, string> = {
  transcriptions: 'speech/transcriptions',
  'api-keys': 'users/me/api-keys',
  documents: 'files',
  records: 'messages',
  exports: 'users/me/exports',
};

/** Where the objects of a kind are made, and read by their ids. */
export function pathOf(kind: string): string {
  return PATHS[kind] ?? kind;
}

function messagePages({ conversations = [] }: Belongings): string[] {
  return conversations.map((id) => `conversations/${id}/messages`);
}
