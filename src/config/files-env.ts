import { whole } from './values.js';

/** What concerns the files of users. */
export const fileVariables = {
  FILES_MAX_BYTES: whole(1, 10_000_000_000).default(104_857_600),
  FILES_BYTES_PER_USER: whole(1, 999_999_999_999_999).default(1_073_741_824),
  FILES_PER_USER: whole(1, 1_000_000).default(1_000),
};
