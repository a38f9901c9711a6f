/** The single-writer streams that a voice turn's events come from. */
export const VOICE_SOURCES = ['transcription', 'turn', 'speech'] as const;
export type VoiceSource = (typeof VOICE_SOURCES)[number];

/**
 * How far each source has been given: the id of its last event that was, 0 where none was, null where its very last
 * one was.
 */
export type VoicePosition = Record<VoiceSource, number | null>;

/** What an event id looks like. */
export const POSITION_PATTERN = '^t(\\d{0,15})\\.m(\\d{0,15})\\.s(\\d{0,15})$';
const FORM = new RegExp(POSITION_PATTERN);

/** Before the first event. */
export const BEGINNING: Readonly<VoicePosition> = { transcription: 0, turn: 0, speech: 0 };

/** A position as an event id, such as `t4.m17.s2`; a letter without a number is a source that has ended. */
export function formatPosition({ transcription, turn, speech }: VoicePosition): string {
  return `t${transcription ?? ''}.m${turn ?? ''}.s${speech ?? ''}`;
}

/** Undefined where it is no position. */
export function parsePosition(text: string): VoicePosition | undefined {
  const [, ...parts] = FORM.exec(text) ?? [];
  if (parts.length === 0) return undefined;
  const [transcription, turn, speech] = parts.map((digits) => (digits === '' ? null : Number(digits)));
  return { transcription: transcription!, turn: turn!, speech: speech! };
}
