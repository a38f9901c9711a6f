import { entry } from './problem-entry.js';

/** Errors of answers that belong to no conversation. */
export const COMPLETION_PROBLEMS = {
  completions_busy: entry(
    503,
    ['Too many answers at once', 'As many answers are being written as this server writes at a time.'],
    ['回答过多', '服务器正在生成的回答数量已达上限。'],
  ),
  completion_failed: entry(
    502,
    ['No answer', 'The language model gave no answer, or broke off.'],
    ['没有回答', '语言模型没有给出回答，或回答中断。'],
  ),
};
