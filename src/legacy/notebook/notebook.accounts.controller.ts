import { Body, Get, HttpCode, Post, Req } from '@nestjs/common';
import { ApiDefaultResponse, ApiOkResponse } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Public } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import type { LoggedIn } from '../logged-in.js';
import { NotebookLoginDto, NotebookRegisterDto } from './dto/account.dto.js';
import { NotebookAnswerDto } from './dto/answer.dto.js';
import { NotebookAccounts } from './notebook.accounts.js';
import { POST_ONLY } from './notebook.answers.js';

@LegacyController('notebook', 'myapp')
@ApiDefaultResponse({ type: NotebookAnswerDto, description: 'Any error.' })
export class NotebookAccountsController {
  constructor(private readonly accounts: NotebookAccounts) {}

  /** Make an account, which is logged in at once */
  @Public()
  @Post('register')
  @HttpCode(200)
  @ApiOkResponse({ type: NotebookAnswerDto })
  register(
    @Body() dto: NotebookRegisterDto,
    @Req() request: FastifyRequest,
  ): Promise<LoggedIn<NotebookAnswerDto>> {
    return this.accounts.register(dto, request);
  }

  /** Says that it takes POST */
  @Public()
  @Get('register')
  @ApiOkResponse({ type: NotebookAnswerDto })
  refuseGet(): NotebookAnswerDto {
    return POST_ONLY;
  }

  /** Log in; the answer sets the session cookie */
  @Public()
  @Post('login')
  @HttpCode(200)
  @ApiOkResponse({ type: NotebookAnswerDto })
  login(@Body() dto: NotebookLoginDto, @Req() request: FastifyRequest): Promise<LoggedIn<NotebookAnswerDto>> {
    return this.accounts.login(dto, request);
  }
}
