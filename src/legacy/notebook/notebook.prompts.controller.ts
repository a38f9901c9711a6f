import {
  applyDecorators,
  Body,
  Get,
  Header,
  Headers,
  HttpCode,
  Post,
  type StreamableFile,
} from '@nestjs/common';
import { ApiDefaultResponse, ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';
import { type AuthUser, CurrentUser } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import { NamesNobody } from '../names-caller.js';
import { NotebookAnswerDto } from './dto/answer.dto.js';
import { AddedPromptDto, AddPromptDto, DrawnPromptsDto } from './dto/prompt.dto.js';
import { notStored, NotebookPrompts } from './notebook.prompts.js';
import { Refusing } from './refusals.js';

/** The page is text under the name of HTML, of whatever people have stored: a browser must make nothing of it. */
const DrawnPrompts = () =>
  applyDecorators(
    NamesNobody(),
    HttpCode(200),
    Header('Content-Security-Policy', "default-src 'none'; sandbox"),
    Header('Cache-Control', 'no-store'),
    Header('Vary', 'Accept'),
    ApiExtraModels(DrawnPromptsDto),
    ApiOkResponse({
      description:
        'Lists in Python’s notation, without anything between them; JSON with `Accept: application/json`.',
      content: {
        'text/html': { schema: { type: 'string' } },
        'application/json': { schema: { $ref: getSchemaPath(DrawnPromptsDto) } },
      },
    }),
  );

@LegacyController('notebook', 'myapp')
@ApiDefaultResponse({ type: NotebookAnswerDto, description: 'Any error.' })
export class NotebookPromptsController {
  constructor(private readonly prompts: NotebookPrompts) {}

  /** Draw up to eight examples, out of the own and the shared ones */
  @Post('get_prompt_fuction')
  @DrawnPrompts()
  draw(
    @CurrentUser() user: AuthUser | undefined,
    @Headers('accept') accept?: string,
  ): Promise<StreamableFile | DrawnPromptsDto> {
    return this.prompts.draw(user, accept);
  }

  /** Draw up to eight examples, out of the own and the shared ones */
  @Get('get_prompt_fuction')
  @DrawnPrompts()
  drawByGet(
    @CurrentUser() user: AuthUser | undefined,
    @Headers('accept') accept?: string,
  ): Promise<StreamableFile | DrawnPromptsDto> {
    return this.prompts.draw(user, accept);
  }

  /** Store an example: an admin's is for everybody, others are their own */
  @Post('add_prompt_fuction')
  @HttpCode(200)
  @NamesNobody()
  @Refusing({
    prompt_title_taken: notStored(-1, '示例promp标题已存在'),
    invalid_input: notStored(-3),
    too_many_prompts: notStored(-3, '示例promp数量已达上限'),
  })
  @ApiOkResponse({ type: AddedPromptDto })
  add(@CurrentUser() user: AuthUser | undefined, @Body() dto: AddPromptDto): Promise<AddedPromptDto> {
    return this.prompts.add(user, dto);
  }
}
