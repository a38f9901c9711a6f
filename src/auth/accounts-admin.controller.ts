import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { type AuthUser, CurrentUser, RequireRole } from '../common/current-user.js';
import { PageQueryDto } from '../common/page-query.dto.js';
import { IdPipe } from '../common/id.pipe.js';
import { ChangeUserDto } from '../users/dto/change-user.dto.js';
import { UserDto, UserPageDto } from '../users/dto/user.dto.js';
import { UsersService } from '../users/users.service.js';
import { AccountService } from './account.service.js';

@ApiTags('admin')
@ApiBearerAuth('access-token')
@RequireRole('admin')
@Controller('admin/users')
export class AccountsAdminController {
  constructor(
    private readonly users: UsersService,
    private readonly account: AccountService,
  ) {}

  /** List all accounts, newest first (admins only; for others this route does not exist) */
  @Get()
  @ApiOkResponse({ type: UserPageDto })
  list(@Query() query: PageQueryDto): Promise<UserPageDto> {
    return this.users.list(query);
  }

  /** Change an account's role, or deactivate it (admins only; for others this route does not exist) */
  @Patch(':id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: UserDto })
  change(
    @CurrentUser() admin: AuthUser,
    @Param('id', IdPipe) id: number,
    @Body() dto: ChangeUserDto,
  ): Promise<UserDto> {
    return this.account.changeAsAdmin(admin.id, id, dto);
  }
}
