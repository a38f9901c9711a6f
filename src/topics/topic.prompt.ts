import { languageText } from '../chatbots/chatbot.prompt.js';
import type { Topic } from './topic.entity.js';

/**
 * What a model is told about the topic of a conversation: theme, scenario, what was said under it before, and the
 * language to answer in.
 */
export function topicSystemText({
  theme,
  instructions,
  context,
  replyLanguage,
}: Pick<Topic, 'theme' | 'instructions' | 'context' | 'replyLanguage'>): string {
  const parts = [
    `The topic of this conversation: ${theme.trim()}\nKeep to it, and lead back to it when the talk drifts away.`,
    section('Scenario and instructions for this topic:', instructions),
    section('What was said under this topic so far, in short:', context),
    replyLanguage ? languageText(replyLanguage) : '',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function section(heading: string, text: string | null): string {
  return text?.trim() ? `${heading}\n${text.trim()}` : '';
}
