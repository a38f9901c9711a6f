import { SpeechError, type Voice } from './synthesizer.js';

/** Scripts that tell a language, each with how much a letter of it says beside a Latin one. */
const SCRIPTS: [language: string, letters: RegExp, weight: number][] = [
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu, 4],
  ['ko', /\p{Script=Hangul}/gu, 3],
  ['zh', /\p{Script=Han}/gu, 3],
  ['ru', /\p{Script=Cyrillic}/gu, 1],
];
const LATIN = /\p{Script=Latin}/gu;

/** The language of a text as a tag, where its script tells; of several, the one that most of it is in. */
export function languageOf(text: string): string | undefined {
  const latin = text.match(LATIN)?.length ?? 0;
  const found = SCRIPTS.map(([language, letters, weight]) => ({
    language,
    weight: weight * (text.match(letters)?.length ?? 0),
  }));
  const [first] = found.toSorted((a, b) => b.weight - a.weight);
  return first && first.weight > latin ? first.language : undefined;
}

/** What a caller and the installation say of the voice; either may say nothing. */
export interface VoiceWish {
  asked?: string | null | undefined;
  standard?: string | undefined;
}

/**
 * The voice that is asked for, which may be any; or else the standard one, unless the text is plainly in another
 * language and there is a voice for that.
 * @throws SpeechError `voice_unknown`, `voice_not_set_up`
 */
export function chooseVoice(voices: Voice[], text: string, { asked, standard }: VoiceWish): string {
  const usual = standardVoice(voices, standard);
  if (!usual) throw new SpeechError('voice_not_set_up', false);
  if (asked !== undefined && asked !== null) {
    if (voices.some(({ id }) => id === asked)) return asked;
    throw new SpeechError('voice_unknown', false);
  }
  const language = languageOf(text);
  const speaks = (voice: Voice) => voice.language === null || voice.language.split('-')[0] === language;
  if (language === undefined || speaks(usual)) return usual.id;
  return (voices.find(speaks) ?? usual).id;
}

/** The voice that speaks where none is asked for; undefined where there is none at all. */
export function standardVoice(voices: Voice[], standard?: string): Voice | undefined {
  return voices.find(({ id }) => id === standard) ?? voices[0];
}
