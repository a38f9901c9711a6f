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
  storage_unavailable: {
    en: 'A picture could not be read from the file storage.',
    zh: '无法从文件存储中读取图片。',
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
  file_encrypted: { en: 'The file is protected by a password.', zh: '文件受密码保护。' },
  file_too_large_inside: {
    en: 'There is too much in the file when it is unpacked.',
    zh: '文件解压后的内容过大。',
  },
  document_too_long: {
    en: 'The document has more than 2,000 pages or 5 million characters.',
    zh: '文档超过 2000 页或 500 万个字符。',
  },
  no_text: {
    en: 'There is no text in the document: it may consist of pictures of pages.',
    zh: '文档中没有文字，可能是扫描件。',
  },
  picture_too_large: {
    en: 'The picture has more than 50 million pixels, or 20,000 on one side.',
    zh: '图片超过 5000 万像素，或单边超过 20000 像素。',
  },
  extraction_timeout: { en: 'Reading the file took too long.', zh: '读取文件超时。' },
  extraction_memory: { en: 'Reading the file took too much memory.', zh: '读取文件占用内存过多。' },
  extraction_crashed: {
    en: 'The file could not be read in several attempts.',
    zh: '多次尝试后仍无法读取文件。',
  },
};

/** The text of why a file could not be read, in a language; unknown codes fall back to the general one. */
export function extractionErrorText(code: string, language: Language): string {
  return (EXTRACTION_ERRORS[code] ?? TURN_ERRORS['internal_error']!)[language];
}

/** The text of a turn's error in a language; unknown codes fall back to the general one. */
export function turnErrorText(code: string, language: Language): string {
  return (TURN_ERRORS[code] ?? TURN_ERRORS['internal_error']!)[language];
}
