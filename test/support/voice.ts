import type { ApiClient } from './client.ts';
import type { EventStream, SseEvent } from './event-stream.ts';
import { form } from './recordings.ts';

/** What a voice turn's events come from. */
export type VoiceSource = 'transcription' | 'turn' | 'speech';

/** Says something in a conversation; the events of what comes of it. */
export function say(
  client: ApiClient,
  conversationId: number,
  file: Buffer | string,
  fields: object = {},
  headers: Record<string, string> = {},
): Promise<EventStream> {
  return client.stream(`conversations/${conversationId}/voice-messages`, {
    body: form({ file }, fields),
    headers,
  });
}

/** The events of each source, in their order. */
export function bySource(events: SseEvent[]): Record<VoiceSource, { event: string; data: any }[]> {
  const of = (source: VoiceSource) =>
    events.filter(({ event }) => sourceOf(event) === source).map(({ event, data }) => ({ event, data }));
  return { transcription: of('transcription'), turn: of('turn'), speech: of('speech') };
}

function sourceOf(event: string): VoiceSource {
  if (event.startsWith('message.')) return 'turn';
  return event === 'transcript' || event.startsWith('transcription.') ? 'transcription' : 'speech';
}

/** The names of events that were told, each run of the same one once. */
export function namesOf(events: SseEvent[]): string[] {
  const names = events.map(({ event }) => event);
  return names.filter((name, index) => name !== names[index - 1]);
}

/** The sentences that were told. */
export function spokenOf(events: SseEvent[]): { index: number; text: string; url: string }[] {
  return events.filter(({ event }) => event === 'speech.sentence').map(({ data }) => data);
}

/** What must hold of every voice turn's events that were read from the beginning to the end. */
export function faultsOf(events: SseEvent[]): string[] {
  const names = events.map(({ event }) => event);
  const at = (name: string) => names.indexOf(name);
  const ends = names.filter((name) => /^voice\.(done|failed|cancelled)$/.test(name));
  const indices = spokenOf(events).map(({ index }) => index);
  const positions = events.map(({ id }) => String(id));
  return [
    ...(names[0] === 'voice.created' ? [] : [`begins with ${names[0]}`]),
    ...(ends.length === 1 && names.at(-1) === ends[0] ? [] : [`ends with ${ends.join(', ')}`]),
    ...(names.filter((name) => name === 'transcript').length > 1 ? ['two transcripts'] : []),
    ...(at('message.created') >= 0 && at('message.created') < at('transcript')
      ? ['a turn before its transcript']
      : []),
    ...(at('speech.sentence') >= 0 && at('speech.sentence') < at('message.created')
      ? ['a sentence before its turn']
      : []),
    ...(indices.every((index, place) => index === place) ? [] : [`sentences ${indices.join(' ')}`]),
    ...(new Set(positions).size === positions.length ? [] : ['an id came twice']),
  ];
}
