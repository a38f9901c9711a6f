import type { ForeignRow } from '../database/foreign-database.js';
import type { OldSurface } from './old-shapes.js';
import { oldFlag, oldText } from './old-values.js';

/** What an old row says, and with which voice. */
export interface OldSaying {
  role: 'user' | 'assistant';
  text: string;
  /** The column that has the sound of it. */
  voice?: 'queryVoice' | 'answerVoice';
}

/** How the rows of what was said are read in each backend. */
interface SayingShape {
  /** Columns by which a row is known to belong to a chat. */
  parents: string[];
  /** Columns of text. */
  texts: string[];
  /** Small ones. */
  others: string[];
  read: (row: ForeignRow) => OldSaying[];
}

const asked = (row: ForeignRow): OldSaying[] => [
  { role: 'user', text: oldText(row['query']) },
  { role: 'assistant', text: oldText(row['answer']) },
];

export const SAYING_SHAPES: Record<OldSurface, SayingShape> = {
  companion: {
    ...{ parents: ['user', 'bot'], texts: ['content'], others: ['byUser', 'createdAt'] },
    read: (row) => [
      { role: oldFlag(row['byUser'], false) ? 'user' : 'assistant', text: oldText(row['content']) },
    ],
  },
  tutor: {
    ...{ parents: ['topic'], texts: ['query', 'answer'], others: ['createdAt'] },
    read: (row) => {
      const [query, answer] = asked(row);
      return [
        { ...query!, voice: 'queryVoice' },
        { ...answer!, voice: 'answerVoice' },
      ];
    },
  },
  notebook: {
    ...{ parents: ['chat'], texts: ['content'], others: ['type', 'createdAt'] },
    // 0 is what was shown as the bot's; anything else, the user's.
    read: (row) => [
      { role: oldText(row['type']) === '0' ? 'assistant' : 'user', text: oldText(row['content']) },
    ],
  },
  assistant: {
    ...{ parents: ['chat'], texts: ['query', 'answer'], others: ['createdAt'] },
    read: asked,
  },
};
