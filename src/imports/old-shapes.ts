/** The older backends that have a database. */
export const OLD_SURFACES = ['companion', 'tutor', 'notebook', 'assistant'] as const;
export type OldSurface = (typeof OLD_SURFACES)[number];

/** What is brought over, in the order in which it is. */
export const OLD_KINDS = ['users', 'bots', 'topics', 'chats', 'messages', 'prompts', 'files'] as const;
export type OldKind = (typeof OLD_KINDS)[number];

/** How a table is recognised, and what its columns may be called. */
export interface TableShape {
  /** What it may be called, alone or behind the name of an application (`chat_topic`); the first that fits is taken. */
  names: readonly string[];
  /** What a column is to us, and what it may be called; the first that is there is taken. */
  columns: Readonly<Record<string, readonly string[]>>;
  /** Columns without which it is not the table. */
  required: readonly string[];
}

const TIMES = ['created_at', 'create_at', 'create_time', 'created_time', 'timestamp', 'time', 'created'];

const users = (names: string[], key = ['id', 'user_id', 'uid', 'username']): TableShape => ({
  names: [...names, 'user', 'users', 'account', 'accounts'],
  columns: {
    key,
    username: ['username', 'user_name', 'name', 'account'],
    email: ['email', 'mail'],
    password: ['password', 'password_hash', 'hashed_password', 'passwd', 'pwd'],
    isActive: ['is_active', 'active', 'enabled'],
    joinedAt: ['date_joined', 'register_time', ...TIMES],
  },
  required: ['username', 'password'],
});

const COMPANION: Partial<Record<OldKind, TableShape>> = {
  users: users(['auth_user', 'users_user']),
  bots: {
    names: ['bots', 'bot', 'chatbot', 'chatbots'],
    columns: {
      key: ['id', 'chatbot_id', 'bot_id'],
      user: ['user_id', 'owner_id'],
      name: ['chatbot_name', 'bot_name', 'name'],
      type: ['chatbot_type', 'bot_type', 'type'],
      persona: ['chatbot_persona', 'bot_persona', 'persona'],
      createdAt: TIMES,
      isDeleted: ['is_deleted', 'is_delete', 'deleted', 'deleted_at', 'delete_at'],
    },
    required: ['user', 'name'],
  },
  messages: {
    names: [
      'chat',
      'chats',
      'chat_history',
      'chathistory',
      'history',
      'message',
      'messages',
      'record',
      'records',
    ],
    columns: {
      key: ['id', 'message_id', 'chat_id'],
      user: ['user_id'],
      bot: ['chatbot_id', 'bot_id'],
      content: ['content', 'message', 'text'],
      byUser: ['by_user', 'is_user', 'from_user'],
      createdAt: TIMES,
    },
    required: ['user', 'bot', 'content', 'byUser'],
  },
};

const TUTOR: Partial<Record<OldKind, TableShape>> = {
  users: users(['auth_user']),
  topics: {
    names: ['topics', 'topic'],
    columns: {
      key: ['id', 'topic_id'],
      user: ['user_id'],
      theme: ['theme', 'title', 'name'],
      context: ['context'],
      instructions: ['custom_context', 'instructions'],
      createdAt: TIMES,
    },
    required: ['user', 'theme'],
  },
  messages: {
    names: ['conversations', 'conversation'],
    columns: {
      key: ['id', 'conversation_id'],
      topic: ['topic_id'],
      query: ['prompt', 'prompt_word'],
      answer: ['response', 'response_word'],
      queryVoice: ['prompt_voice', 'prompt_audio'],
      answerVoice: ['response_voice', 'response_audio'],
      createdAt: TIMES,
    },
    required: ['topic', 'query', 'answer'],
  },
};

const NOTEBOOK: Partial<Record<OldKind, TableShape>> = {
  users: users(['account'], ['username', 'id']),
  chats: {
    names: ['chat', 'chats'],
    columns: {
      key: ['chat_id', 'id'],
      user: ['username_id', 'username', 'user_id', 'account_id'],
      title: ['chat_title', 'title'],
      createdAt: TIMES,
    },
    required: ['user', 'title'],
  },
  messages: {
    names: ['message', 'messages'],
    columns: {
      key: ['id', 'message_id'],
      chat: ['chat_id'],
      content: ['chat_content', 'content'],
      type: ['chat_type', 'chat_tpye', 'type'],
      createdAt: TIMES,
    },
    required: ['chat', 'content', 'type'],
  },
  prompts: {
    names: ['prompt_fuction', 'prompt_function', 'prompt', 'prompts'],
    columns: { key: ['id'], title: ['prompt_title', 'title'], text: ['prompt_text', 'text'] },
    required: ['title', 'text'],
  },
};

const ASSISTANT: Partial<Record<OldKind, TableShape>> = {
  users: users([]),
  chats: {
    names: ['conversation', 'conversations'],
    columns: {
      key: ['id', 'conversation_id'],
      user: ['user_id', 'username', 'user_name'],
      title: ['name', 'title', 'conversation_name'],
      createdAt: TIMES,
      updatedAt: ['updated_at', 'update_time', 'updated_time'],
    },
    required: ['user'],
  },
  messages: {
    names: ['message', 'messages'],
    columns: {
      key: ['id', 'message_id'],
      chat: ['conversation_id'],
      query: ['query', 'question', 'message'],
      answer: ['answer', 'response', 'reply'],
      createdAt: TIMES,
    },
    required: ['chat', 'query', 'answer'],
  },
  files: {
    names: ['file', 'files', 'uploaded_file', 'uploaded_files', 'message_file', 'message_files'],
    columns: { key: ['id', 'file_id'], path: ['path', 'file_path', 'url', 'filename', 'file_name', 'name'] },
    required: [],
  },
};

/** The tables of each backend, where they are known; docs/import.md says how they are. */
export const OLD_SHAPES: Record<OldSurface, Partial<Record<OldKind, TableShape>>> = {
  companion: COMPANION,
  tutor: TUTOR,
  notebook: NOTEBOOK,
  assistant: ASSISTANT,
};
