import { Injectable, StreamableFile } from '@nestjs/common';
import type { AuthUser } from '../../common/current-user.js';
import type { AppError } from '../../common/errors.js';
import { PromptsService } from '../../prompts/prompts.service.js';
import type { AddedPromptDto, AddPromptDto, DrawnPromptsDto } from './dto/prompt.dto.js';
import { exampleAnswer } from './notebook.answers.js';
import { wrongField } from './notebook.errors.js';
import { pythonList } from './python-notation.js';

const DRAWN = 8;

/** Examples: those of the shared library, and the caller's own. */
@Injectable()
export class NotebookPrompts {
  constructor(private readonly prompts: PromptsService) {}

  /**
   * @param user undefined in a closed network that shows no login: then it is the shared library alone
   * @param accept the request's header. Without a plain wish for JSON it is the older backend's page: Python's notation
   *   under the name of HTML
   */
  async draw(
    user: AuthUser | undefined,
    accept: string | undefined,
  ): Promise<StreamableFile | DrawnPromptsDto> {
    const query = { count: DRAWN };
    const { items } = await (user ? this.prompts.random(user.id, query) : this.prompts.randomShared(query));
    if (wantsJson(accept))
      return {
        code: 0,
        prompts: items.map(({ title, text }) => ({ prompt_title: title, prompt_text: text })),
      };
    const written = items.map(({ title, text }) => pythonList([title, text])).join('');
    return new StreamableFile(Buffer.from(written), { type: 'text/html; charset=utf-8' });
  }

  /**
   * An admin stores for everybody, as the older backend did for whoever came; what others store is their own.
   * @param user undefined in a closed network that shows no login: then it is for everybody, too
   * @throws AppError prompt_title_taken, too_many_prompts
   */
  async add(
    user: AuthUser | undefined,
    { prompt_title, prompt_text }: AddPromptDto,
  ): Promise<AddedPromptDto> {
    const example = { title: prompt_title, text: prompt_text, uniqueTitle: true };
    if (user) await this.prompts.create(user, { ...example, shared: user.role === 'admin' });
    else await this.prompts.createShared(example);
    return exampleAnswer(0, { prompt_title, prompt_text }, '示例promp存储成功');
  }
}

/** What is said where an example is not stored. */
export function notStored(code: -1 | -3, message?: string) {
  return (error: AppError, given: unknown): AddedPromptDto => {
    const example = {
      prompt_title: textIn(given, 'prompt_title'),
      prompt_text: textIn(given, 'prompt_text'),
    };
    return exampleAnswer(code, example, message ?? wrongField(error) ?? '示例promp存储失败');
  };
}

/** Clients that take anything get what the older backend gave: libraries for HTTP ask for JSON, and for the rest. */
function wantsJson(accept = ''): boolean {
  const types = accept.split(',').map((range) => range.split(';')[0]!.trim().toLowerCase());
  return types.includes('application/json') && !types.some((type) => /^(text\/(html|\*)|\*\/\*)$/.test(type));
}

function textIn(given: unknown, field: string): string {
  const value: unknown = Object.entries(given ?? {}).find(([name]) => name === field)?.[1];
  return typeof value === 'string' ? value : '';
}
