import type { AddedPromptDto } from './dto/prompt.dto.js';
import type { NotebookAnswerDto } from './dto/answer.dto.js';

/** What the older backend says, word for word. */
export const REGISTERED: NotebookAnswerDto = { code: 0, msg: '注册成功！' };
export const NAME_TAKEN: NotebookAnswerDto = { code: -1, msg: '用户名已存在！' };
export const NOT_REGISTERED: NotebookAnswerDto = { code: -3, msg: '注册失败！请重新尝试注册！' };
export const POST_ONLY: NotebookAnswerDto = { code: 1, msg: '请求方法只能是POST方法！' };
export const LOGGED_IN: NotebookAnswerDto = { code: 0, msg: '登陆成功' };
export const WRONG_PASSWORD: NotebookAnswerDto = { code: -2, msg: '密码错误' };
export const NO_ACCOUNT: NotebookAnswerDto = { code: -3, msg: '账户不存在，请先注册账户' };
export const CHAT_ADDED: NotebookAnswerDto = { code: 0, msg: '对话加入成功' };
export const MESSAGE_ADDED: NotebookAnswerDto = { code: 0, msg: '消息加入成功' };
export const CHAT_DELETED: NotebookAnswerDto = { code: 0, msg: '对话删除成功' };
export const NO_HISTORY = { code: 0, 历史信息列表: [] };

/** What became of an example. */
export function exampleAnswer(
  code: AddedPromptDto['code'],
  { prompt_title, prompt_text }: Pick<AddedPromptDto, 'prompt_title' | 'prompt_text'>,
  prompt_msg: string,
): AddedPromptDto {
  return { code, prompt_title, prompt_text, prompt_msg };
}
