import { recording } from './surface-call.ts';
import type { Names, Person } from './surface-people.ts';

/** The place of one route in the walks over all surfaces. */
export interface Place {
  /** Needs no login. */
  isPublic?: true;
  /** The field that names the caller, and by what. */
  caller?: [field: string, as: 'id' | 'username'];
  /** The fields that name something of the caller's. */
  objects?: Record<string, keyof Names>;
  /** The other fields of a request that works. */
  fields?: (me: Person) => Record<string, unknown>;
  /** What is said to whoever names somebody else, where it is not 403. */
  mismatch?: number;
  /** The request takes a recording, and waits until it is written down. */
  isSpoken?: true;
  /** A GET that changes or costs something: from which sites it is refused with the cookie. */
  byGet?: 'from all but this one' | 'from others';
  /** A file comes along in the field of this name. */
  upload?: string;
  /** What comes is text, piece by piece. */
  isStream?: true;
}

let count = 0;
/** A name that nobody has yet. */
export const freshName = (): string => `new-${process.pid}-${(count += 1)}`;

const PASSWORD = 'six-is-enough';
const account = (): Record<string, unknown> => ({ username: freshName(), password: PASSWORD });
const ownLogin = ({ client, username }: Person) => ({ username, password: client.account.password });

const byId: Pick<Place, 'caller'> = { caller: ['user_id', 'id'] };
const byName: Pick<Place, 'caller'> = { caller: ['username', 'username'] };
const withBot: Place = { ...byId, objects: { chatbot_id: 'bot' } };
const ofTurn: Place = { objects: { conversation_id: 'turn' } };
const itself: Place = { caller: ['id', 'id'], mismatch: 404 };

const COMPANION: Record<string, Place> = {
  'GET /chat/history': withBot,
  'POST /chat/new_chat': { ...withBot, fields: () => ({ input: 'Hello' }) },
  'GET /chat/new_chat': { ...withBot, fields: () => ({ input: 'Hello' }), byGet: 'from all but this one' },
  'GET /chat/list': byId,
  'GET /bots/get_persona': { isPublic: true },
  'POST /bots/create': { ...byId, fields: () => ({ chatbot_name: 'Bot-1', chatbot_type: 0 }) },
  'POST /bots/detail': withBot,
  'POST /bots/list': byId,
  'POST /users/register': { isPublic: true, fields: account },
  'POST /login': { isPublic: true, fields: ownLogin },
  'GET /users/users/{id}': itself,
  'PATCH /users/users/{id}': { ...itself, fields: ({ id }) => ({ email: `of-${id}@example.com` }) },
  'PUT /users/users/{id}': { ...itself, fields: ({ id }) => ({ email: `of-${id}@example.com` }) },
  'POST /bots/delete': withBot,
};

const onTopic: Place = { ...byId, objects: { topic_id: 'topic' } };
const spoken: Place = { ...onTopic, fields: () => ({ prompt_voice: recording() }), isSpoken: true };

const TUTOR: Record<string, Place> = {
  'POST /botchat/user/register': { isPublic: true, fields: account },
  'POST /botchat/user/login': { isPublic: true, fields: ownLogin },
  'POST /botchat/user/change/info': { ...byId, fields: ({ id }) => ({ email: `at-${id}@example.com` }) },
  'GET /botchat/chat/gettopics': byId,
  'POST /botchat/chat/newtopic': byId,
  'POST /botchat/chat/customtopic': { ...byId, fields: () => ({ instructions: 'Talk about tea.' }) },
  'POST /botchat/chat/preset_topic': { ...byId, fields: () => ({ pre_theme: 'Food Ordering' }) },
  'POST /botchat/chat/change/theme': { objects: { topic_id: 'topic' }, fields: () => ({ theme: 'Tea' }) },
  'GET /botchat/chat/getdetails': { objects: { topic_id: 'topic' } },
  'POST /botchat/chat/handle_audio': spoken,
  'POST /botchat/chat/obtain_openai_response': {
    ...{ ...byId, objects: { topic_id: 'topic', conversation_id: 'turn' } },
    fields: () => ({ prompt_word: 'Hello' }),
  },
  'POST /botchat/chat/tts': { ...ofTurn, fields: () => ({ response_word: 'Hello' }) },
  'GET /botchat/chat/get_audio_assessment': ofTurn,
  'GET /botchat/chat/get_expression_assessment': { ...ofTurn, byGet: 'from all but this one' },
  'POST /botchat/chat/rerecord_voice': {
    ...{ ...ofTurn, isSpoken: true },
    fields: () => ({ prompt_voice: recording() }),
  },
  'POST /botchat/chat/sendword': { ...onTopic, fields: () => ({ prompt_word: 'Hello' }) },
  'POST /botchat/chat/sendvoice': spoken,
};

const NOTEBOOK: Record<string, Place> = {
  'POST /myapp/register': { isPublic: true, fields: account },
  'GET /myapp/register': { isPublic: true },
  'POST /myapp/login': { isPublic: true, fields: ownLogin },
  'POST /myapp/add_chat': {
    ...{ ...byName, objects: { chat_id: 'chat' } },
    fields: () => ({ chat_title: 'Tea', chat_content: 'Hello', chat_tpye: 1 }),
  },
  'POST /myapp/get_history_chat': { objects: { chat_title: 'title' } },
  'POST /myapp/get_prompt_fuction': {},
  'GET /myapp/get_prompt_fuction': {},
  'POST /myapp/add_prompt_fuction': { fields: () => ({ prompt_title: freshName(), prompt_text: 'Tea' }) },
  'POST /myapp/delete_chat': { objects: { chat_id: 'chat' } },
};

const ASSISTANT: Record<string, Place> = {
  'POST /api/chat': {
    ...{ ...byName, objects: { conversation_id: 'conversation', file_ids: 'file' } },
    ...{ fields: () => ({ message: 'Hello' }), isStream: true },
  },
  'POST /api/file/upload': { ...byName, upload: 'files' },
  'GET /api/chat/next_suggest/{message_id}': {
    ...{ ...byName, objects: { message_id: 'message' } },
    byGet: 'from others',
  },
  'GET /api/conversations/list/{username}': byName,
  'GET /api/conversations/{id}/history': { ...byName, objects: { id: 'conversation' } },
  'POST /api/user/register': { isPublic: true, fields: account },
  'POST /api/user/login': { isPublic: true, fields: ownLogin },
  'GET /api/user/user_info/{username}': byName,
  'DELETE /api/conversations/{id}/delete': { ...byName, objects: { id: 'conversation' } },
};

const WIDGET: Record<string, Place> = {
  'GET /health': { isPublic: true },
  'GET /myapi/v1/chat-bot-config': { isPublic: true },
  'POST /myapi/v1/chat-bot/stream': {
    ...{ isPublic: true, isStream: true },
    fields: () => ({ last_prompt: 'Hello', conversation_history: [] }),
  },
  'POST /myapi/v1/chat-bot': {
    isPublic: true,
    fields: () => ({ last_prompt: 'Hello', conversation_history: [] }),
  },
  'GET /widget/bot.svg': { isPublic: true },
  'GET /widget/user.svg': { isPublic: true },
};

/**
 * Every route of every surface: a route without a place here fails its tests. In an order in which a person can call
 * one after the other; what takes things away comes last.
 */
export const PLACES: Record<string, Place> = {
  ...TUTOR,
  ...NOTEBOOK,
  ...ASSISTANT,
  ...COMPANION,
  ...WIDGET,
  'DELETE /users/users/{id}': itself,
};
