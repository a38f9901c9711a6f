import { entry } from './problem-entry.js';

/** What the API answers with where files are uploaded. */
export const FILE_PROBLEMS = {
  unsupported_file: entry(
    415,
    [
      'File not supported',
      'Files may be JPEG, PNG, WebP and GIF pictures, PDF, DOCX and XLSX documents, and text (also Markdown, CSV, HTML) in UTF-8, UTF-16, GB18030 or Big5; one of these is none of that, whatever it is called.',
    ],
    [
      '不支持的文件',
      '支持 JPEG、PNG、WebP、GIF 图片，PDF、DOCX、XLSX 文档和 UTF-8、UTF-16、GB18030 或 Big5 编码的文本（包括 Markdown、CSV、HTML）；无论名称如何，有文件不属于其中任何一种。',
    ],
  ),
  too_many_files: entry(
    409,
    ['Too many files', 'You may have {limit} files; delete some that you do not need.'],
    ['文件过多', '您最多可保存 {limit} 个文件，请删除不需要的文件。'],
  ),
  file_space_used_up: entry(
    409,
    ['No room for files', 'Your files may have {limit} bytes together; delete some that you do not need.'],
    ['文件空间已用完', '您的文件总大小不能超过 {limit} 字节，请删除不需要的文件。'],
  ),
};
