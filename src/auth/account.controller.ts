import { Body, Controller, Get, Ip, Patch } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ForKeys } from '../common/api-scopes.js';
import { type AuthUser, CurrentUser, type SessionUser } from '../common/current-user.js';
import { UserDto } from '../users/dto/user.dto.js';
import { AccountService } from './account.service.js';
import { ChangeAccountDto } from './dto/auth.dto.js';

@ApiTags('users')
@ApiBearerAuth('access-token')
@Controller('users/me')
export class AccountController {
  constructor(private readonly account: AccountService) {}

  /** Read the own account */
  @Get()
  @ForKeys('read')
  @ApiOkResponse({ type: UserDto })
  find(@CurrentUser() user: AuthUser): Promise<UserDto> {
    return this.account.find(user);
  }

  /** Change name, e-mail address or password; a new password ends all other logins */
  @Patch()
  @ApiOkResponse({ type: UserDto })
  change(
    @CurrentUser() user: SessionUser,
    @Body() dto: ChangeAccountDto,
    @Ip() address: string,
  ): Promise<UserDto> {
    return this.account.change(user, dto, address);
  }
}
