import { Body, Get, HttpCode, Post, Req } from '@nestjs/common';
import { ApiDefaultResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { type AuthUser, CurrentUser, Public } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import type { LoggedIn } from '../logged-in.js';
import { NamesCaller } from '../names-caller.js';
import { CALLER } from './assistant.caller.js';
import { AssistantUsers } from './assistant.users.js';
import { AssistantDoneDto, AssistantLoginDto, AssistantUserInfoDto } from './dto/user.dto.js';
import { AssistantUserErrorDto } from './dto/error.dto.js';

@ApiDefaultResponse({ type: AssistantUserErrorDto, description: 'Any error.' })
@LegacyController('assistant', 'api/user')
export class AssistantUsersController {
  constructor(private readonly users: AssistantUsers) {}

  /** Make an account, and log in */
  @Public()
  @Post('register')
  @HttpCode(200)
  @ApiOkResponse({ type: AssistantDoneDto })
  register(
    @Body() dto: AssistantLoginDto,
    @Req() request: FastifyRequest,
  ): Promise<LoggedIn<AssistantDoneDto>> {
    return this.users.register(dto, request);
  }

  /** Log in */
  @Public()
  @Post('login')
  @HttpCode(200)
  @ApiOkResponse({ type: AssistantDoneDto })
  login(@Body() dto: AssistantLoginDto, @Req() request: FastifyRequest): Promise<LoggedIn<AssistantDoneDto>> {
    return this.users.login(dto, request);
  }

  /** Who has logged in */
  @Get('user_info/:username')
  @NamesCaller(CALLER)
  @ApiParam({ name: 'username', type: 'string' })
  @ApiOkResponse({ type: AssistantUserInfoDto })
  info(@CurrentUser() user: AuthUser): AssistantUserInfoDto {
    return this.users.info(user);
  }
}
