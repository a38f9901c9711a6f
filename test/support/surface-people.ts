import type { ApiClient } from './client.ts';
import { type Login, logIn } from './logins.ts';
import { attachFiles, storeDocument } from './stored-file.ts';
import type { ApiContext } from './suite.ts';
import type { Upstream } from './upstream/upstream.ts';

/** Somebody with one thing of every kind that a surface knows. */
export interface Person extends Names {
  client: ApiClient;
  login: Login;
  id: number;
  username: string;
  /** Stands in every text of this person, and nowhere else. */
  secret: string;
}

/** What the surfaces name the things of a person by. */
export interface Names {
  bot: number;
  topic: number;
  /** On the surface `tutor` a turn is known by the user's message. */
  turn: number;
  conversation: number;
  /** An answer. */
  message: number;
  chat: string;
  title: string;
  file: number;
}

/** Names of what nobody has. */
export const NOBODYS: Names = {
  ...{ bot: 987_654_321, topic: 987_654_321, turn: 987_654_321, conversation: 987_654_321 },
  ...{ message: 987_654_321, chat: 'nobody-has-this', title: 'Nobody has this', file: 987_654_321 },
};

/** Makes somebody, through the main API alone. */
export async function makePerson(ctx: ApiContext): Promise<Person> {
  const client = await ctx.register();
  const { id, username } = client.account;
  const secret = `secret-${username}`;
  const make = async (path: string, body: object) => (await client.post(path, body, { expect: 201 })).body;
  const bot = await make('chatbots', { name: secret, kind: 'persona', persona: secret });
  const topic = await make('topics', { theme: secret, instructions: secret });
  const say = (conversationId: number) =>
    make(`conversations/${conversationId}/messages`, { content: `I say ${secret}` });
  const withBot = (await client.put(`chatbots/${bot.id}/conversation`, undefined, { expect: 200 })).body;
  await say(withBot.id);
  const onTopic = (await client.put(`topics/${topic.id}/conversation`, undefined, { expect: 200 })).body;
  const { userMessage: turn } = await say(onTopic.id);
  const [chat, title] = [`c-${id}`, `Title of ${secret}`];
  await say((await make('conversations', { title, externalId: chat })).id);
  const { id: conversation } = await make('conversations', { title: `More of ${secret}` });
  const { userMessage, assistantMessage } = await say(conversation);
  const file = await storeDocument(ctx, id, `${secret}.pdf`, [secret]);
  await attachFiles(ctx, userMessage.id, [file]);
  await make('prompts', { title: `Example of ${secret}`.slice(0, 50), text: secret });
  return {
    ...{ client, login: await logIn(client, username), id, username, secret },
    ...{ bot: bot.id, topic: topic.id, turn: turn.id, conversation, message: assistantMessage.id },
    ...{ chat, title, file },
  };
}

/** The model says something short, and makes suggestions where it is to. */
export function answerShortly(upstream: Upstream): void {
  upstream.choose = (body) => {
    const isSuggesting = JSON.stringify(body).includes('three short questions');
    return { pieces: [isSuggesting ? '["How?", "Why?", "Where?"]' : 'Fine.'] };
  };
}
