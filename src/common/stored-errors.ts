import type { Language } from './problem-entry.js';

/** Texts of the errors that a finished turn carries in its row, by code. */
export const TURN_ERRORS: Record<string, Record<Language, string>> = {
  llm_auth: { en: 'The language model refused our access.', zh: '语言模型拒绝了访问。' },
  llm_quota: { en: 'The quota at the language model is used up.', zh: '语言模型的额度已用完。' },
  llm_rate_limit: { en: 'The language model has too many requests just now.', zh: '语言模型当前请求过多。' },
  llm_invalid_request: { en: 'The language model refused the request.', zh: '语言模型拒绝了该请求。' },
  llm_context_length: {
    en: 'The input is longer than the language model takes.',
    zh: '输入超出语言模型的长度限制。',
  },
  llm_content_filter: { en: 'The language model refused this content.', zh: '语言模型拒绝了该内容。' },
  llm_not_found: { en: 'There is no such language model.', zh: '该语言模型不存在。' },
  llm_unavailable: { en: 'The language model is out of service just now.', zh: '语言模型暂时不可用。' },
  llm_network: {
    en: 'The language model cannot be reached, or the connection broke.',
    zh: '无法连接语言模型，或连接中断。',
  },
  llm_timeout: { en: 'The language model took too long.', zh: '语言模型响应超时。' },
  llm_too_long: { en: 'The language model did not come to an end.', zh: '语言模型的回答过长，已被终止。' },
  llm_protocol: {
    en: 'The language model sent an answer that cannot be read.',
    zh: '语言模型返回了无法识别的内容。',
  },
  internal_error: { en: 'Something went wrong here.', zh: '服务器出错。' },
  process_ended: { en: 'The server stopped while it was answering.', zh: '服务器在回答过程中停止。' },
};

/** Texts of the errors that a review carries in its row, beside those of a turn, by code. */
export const REVIEW_ERRORS: Record<string, Record<Language, string>> = {
  quota_exceeded: { en: 'The quota for today is used up.', zh: '今日额度已用完。' },
  review_expired: { en: 'Nobody took it up in time.', zh: '未能及时处理。' },
};

/** Texts of the errors that a file carries in its row that could not be read, by code. */
export const EXTRACTION_ERRORS: Record<string, Record<Language, string>> = {
  file_unreadable: { en: 'The file is broken, or not what it seems.', zh: '文件已损坏或格式不正确。' },
};

/** The text of why a file could not be read, in a language; unknown codes fall back to the general one. */
export function extractionErrorText(code: string, language: Language): string {
  return (EXTRACTION_ERRORS[code] ?? TURN_ERRORS['internal_error']!)[language];
}

/** The text of a turn's error in a language; unknown codes fall back to the general one. */
export function turnErrorText(code: string, language: Language): string {
  return (TURN_ERRORS[code] ?? TURN_ERRORS['internal_error']!)[language];
}
