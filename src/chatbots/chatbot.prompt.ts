import type { Chatbot } from './chatbot.entity.js';

/**
 * What a bot's model is told about itself, in paragraphs: its persona, its instructions, the language to answer in.
 * Empty for a plain bot without settings.
 */
export function chatbotSystemText(
  chatbot: Pick<Chatbot, 'kind' | 'persona' | 'instructions' | 'replyLanguage'>,
): string {
  const { kind, persona, instructions, replyLanguage } = chatbot;
  const parts = [
    kind === 'persona' && persona?.trim() ? personaText(persona.trim()) : '',
    instructions?.trim() ?? '',
    replyLanguage ? languageText(replyLanguage) : '',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function personaText(persona: string): string {
  return [
    `In this conversation you are this person or character:\n${persona}`,
    'Think, feel, speak and behave the way they would: their voice, their knowledge, their manners and opinions. ' +
      'Speak as them, in the first person. Stay in this role in every answer, however long the conversation gets ' +
      'and whatever you are asked; do not comment on the role or step out of it.',
  ].join('\n\n');
}

/** Says which language to answer in, whatever comes in. */
export function languageText(tag: string): string {
  return `Always answer in ${languageName(tag)}, whatever language the message is written in.`;
}

function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(tag) ?? tag;
  } catch {
    // Looks like a language tag but is none, such as `en-12`: the model may still know what is meant.
    return tag;
  }
}
