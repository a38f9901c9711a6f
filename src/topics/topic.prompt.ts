import { languageText } from '../chatbots/chatbot.prompt.js';
import type { Topic } from './topic.entity.js';

/** About what somebody listens to in one go, a minute of speech, and still knows what he wanted to say himself. */
const PRACTICE_WORDS = 125;

const PRACTICE = [
  'This is practice in speaking: what you answer is heard, and whoever talks to you is learning the language.',
  'Be the person whom the learner wants to talk to, in this scenario or in the one that he or she asks for, and stay ' +
    'that person.',
  `Answer in at most about ${PRACTICE_WORDS} words, unless the learner asks for more.`,
].join('\n');

type Told = Pick<Topic, 'theme' | 'themeIsLabel' | 'instructions' | 'context' | 'replyLanguage' | 'practice'>;

/**
 * What a model is told about the topic of a conversation: theme, scenario, what was said under it before, how to
 * talk to somebody who practises, and the language to answer in.
 */
export function topicSystemText(topic: Told): string {
  const { instructions, context, replyLanguage, practice } = topic;
  const parts = [
    themeText(topic),
    section('Scenario and instructions for this topic:', instructions),
    section('What was said under this topic so far, in short:', context),
    practice ? PRACTICE : '',
    replyLanguage ? languageText(replyLanguage) : '',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** A topic that has no more than a name is what its user makes of it. */
function themeText({ theme, themeIsLabel, instructions }: Told): string {
  const keep = 'Keep to it, and lead back to it when the talk drifts away.';
  if (!themeIsLabel) return `The topic of this conversation: ${theme.trim()}\n${keep}`;
  if (instructions?.trim()) return `The topic of this conversation is the scenario below. ${keep}`;
  return 'The user chooses what this conversation is about. Stay with that until he or she chooses something else.';
}

function section(heading: string, text: string | null): string {
  return text?.trim() ? `${heading}\n${text.trim()}` : '';
}
