import type { EstimatedWord, WordStatus } from './estimated-words.js';
import type { PronunciationEstimate, Reason } from './pronunciation.js';

/** Longer lists tire. */
const MAX_NAMED = 8;

interface Texts {
  reasons: Record<Exclude<Reason, 'no_words'>, string>;
  covered: (matched: number, of: number) => string;
  heard: (words: number) => string;
  named: Partial<Record<WordStatus, string>>;
  instead: (meant: string, heard: string) => string;
  rate: (value: number, isWords: boolean) => string;
  pauses: (count: number) => string;
  noWords: string;
  noProbabilities: string;
  note: (engine: string | null) => string;
  joint: string;
  quoted: (word: string) => string;
  space: string;
}

const ENGLISH: Texts = {
  reasons: {
    not_spoken: 'This was typed: there is no recording to go by.',
    not_transcribed: 'The recording has not been written down yet, or could not be.',
    no_speech: 'No speech was heard in the recording.',
    translated: 'The recording was translated: its own words were not written down.',
    too_short: 'The recording is too short to say anything about it.',
    too_long: 'This is too long to be compared word by word.',
  },
  covered: (matched, of) => `Heard as written: ${matched} of ${of} words.`,
  heard: (words) => `Words heard: ${words}.`,
  named: {
    unclear: 'Not clearly understood:',
    different: 'Heard otherwise:',
    missing: 'Not heard:',
    extra: 'Heard in addition:',
  },
  instead: (meant, heard) => `${meant} as ${heard}`,
  rate: (value, isWords) => `Speed: about ${value} ${isWords ? 'words' : 'characters'} a minute.`,
  pauses: (count) => `Pauses of half a second or more: ${count}.`,
  noWords: 'The speech engine gave no times and no certainty for single words.',
  noProbabilities: 'The speech engine did not say how sure it was of each word.',
  note: (engine) =>
    `This is an estimate from what the speech engine${engine === null ? '' : ` ${engine}`} understood, not a grade: ` +
    'noise and the microphone count too.',
  joint: ', ',
  quoted: (word) => `“${word}”`,
  space: ' ',
};

const CHINESE: Texts = {
  reasons: {
    not_spoken: '这条消息是键入的，没有录音可供参考。',
    not_transcribed: '录音尚未转写，或无法转写。',
    no_speech: '录音中没有听到语音。',
    translated: '录音被翻译成了另一种语言，没有逐词记录原话。',
    too_short: '录音太短，无法给出参考意见。',
    too_long: '内容太长，无法逐词比较。',
  },
  covered: (matched, of) => `与原文一致：${of} 个词中的 ${matched} 个。`,
  heard: (words) => `共听到 ${words} 个词。`,
  named: { unclear: '听得不够清楚：', different: '听成了别的：', missing: '没有听到：', extra: '多出来的：' },
  instead: (meant, heard) => `${meant}听成${heard}`,
  rate: (value, isWords) => `语速：每分钟约 ${value} ${isWords ? '词' : '字'}。`,
  pauses: (count) => `半秒以上的停顿：${count} 次。`,
  noWords: '语音引擎没有给出单词的时间和可信度。',
  noProbabilities: '语音引擎没有给出单词的可信度。',
  note: (engine) =>
    `以上仅是根据语音引擎${engine === null ? '' : ` ${engine} `}听到的内容所作的估计，不是评分；噪声和麦克风也会影响结果。`,
  joint: '、',
  quoted: (word) => `“${word}”`,
  space: '',
};

/** The estimate for a person to read: in Chinese where that is the learner's language, in English otherwise. */
export function pronunciationText(estimate: PronunciationEstimate, language: string): string {
  const texts = /^zh\b/i.test(language) ? CHINESE : ENGLISH;
  const { reason, basis, engine } = estimate;
  const isNothing = basis.length === 0 && reason !== null && reason !== 'no_words';
  const found = isNothing ? [texts.reasons[reason]] : findings(estimate, texts);
  const note = basis.length > 0 ? [texts.note(engine)] : [];
  return [...found, ...note].join(texts.space);
}

function findings(estimate: PronunciationEstimate, texts: Texts): string[] {
  const { coverage, words, speakingRate, pauses, basis, reason } = estimate;
  const parts = [coverage ? texts.covered(coverage.matched, coverage.of) : texts.heard(words.length)];
  if (words.length === 0) parts.pop();
  for (const [status, lead] of Object.entries(texts.named)) {
    const found = words.filter((word) => word.status === status).slice(0, MAX_NAMED);
    if (found.length > 0)
      parts.push(
        `${lead}${texts.space}${found.map((word) => named(word, texts)).join(texts.joint)}${stop(texts)}`,
      );
  }
  if (speakingRate) parts.push(texts.rate(speakingRate.value, speakingRate.unit === 'words_per_minute'));
  if (pauses.length > 0) parts.push(texts.pauses(pauses.length));
  if (reason === 'no_words') parts.push(texts.noWords);
  else if (!basis.includes('word_probability')) parts.push(texts.noProbabilities);
  return parts;
}

function named({ text, heard }: EstimatedWord, texts: Texts): string {
  return heard === null ? texts.quoted(text) : texts.instead(texts.quoted(text), texts.quoted(heard));
}

function stop({ space }: Texts): string {
  return space === '' ? '。' : '.';
}
