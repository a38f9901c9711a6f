/** The languages that texts for people come in, besides the stable codes. */
export type Language = 'en' | 'zh';

interface ProblemText {
  title: string;
  detail: string;
}

/** One error: its HTTP status, and its texts. */
export interface ProblemEntry extends Record<Language, ProblemText> {
  status: number;
}

export function entry(status: number, en: [string, string], zh: [string, string]): ProblemEntry {
  return { status, en: { title: en[0], detail: en[1] }, zh: { title: zh[0], detail: zh[1] } };
}
